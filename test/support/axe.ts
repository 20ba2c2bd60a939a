import { source } from "axe-core";
import * as z from "zod";

/** A page, or a frame in one. */
interface Evaluates {
  evaluate(expression: string): Promise<unknown>;
}

const Results = z.object({
  violations: z.array(z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string() })) })),
});

/** What axe-core finds wrong in a webview, whose outermost elements are VS Code's: the rule and the element of each. */
export async function violationsIn(page: Evaluates): Promise<string[]> {
  await page.evaluate(source);
  const rules = { "html-has-lang": { enabled: false }, "document-title": { enabled: false } };
  const found = await page.evaluate(`axe.run(document, ${JSON.stringify({ rules })})`);
  return Results.parse(found).violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html }) => `${id}: ${html}`),
  );
}
