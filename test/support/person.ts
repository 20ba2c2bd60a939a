import type { Answers, Question, Questioner } from "../../daemon/transport/questioner.ts";
import { Problem } from "../../protocol/problem.ts";

/** A person at the other end of a connection's questions. */
export interface Person extends Questioner {
  /** What was asked, in order. */
  readonly asked: readonly Question[];
}

type Reply = readonly string[] | Partial<Answers> | "declines" | (() => Promise<readonly string[]>);

/** Answers one question after the other with these; declines what comes beyond. */
export function personWho(...replies: readonly Reply[]): Person {
  const asked: Question[] = [];
  return {
    asked,
    async ask(question) {
      const reply = replies[asked.length] ?? "declines";
      asked.push(question);
      if (reply === "declines") throw new Problem("declined", "Declined.", { reason: "declined" });
      if (typeof reply === "function") return { answers: await reply(), remember: "no" };
      const answers = "answers" in reply || "remember" in reply ? reply : { answers: listOf(reply) };
      return { answers: [], remember: "no", ...answers };
    },
  };
}

function listOf(reply: unknown): readonly string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}
