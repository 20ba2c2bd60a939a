import { expect, test } from "vitest";
import {
  expandArguments,
  expandFile,
  expandTokens,
  proxyTokens,
  tokensOf,
} from "../../../../../daemon/hosts/openssh/expansion.ts";
import { containing } from "../../../../support/matching.ts";

const tokens = tokensOf({
  name: "web",
  address: "web.example",
  port: 2222,
  user: "deploy",
  jump: "gate",
  hash: "c0ffee",
  hostKeyAlias: undefined,
  home: "/home/me",
  localUser: "me",
  localHost: "desk.example.org",
  uid: 1000,
});
const context = {
  home: "/home/me",
  environment: { KEYS: "/k", PERCENT: "%h" },
  homeOf: (user: string) => Promise.resolve(user === "bob" ? "/home/bob" : undefined),
};

test.each([
  ["~/a", "/home/me/a"],
  ["~", "/home/me"],
  ["~bob/a", "/home/bob/a"],
  ["/k/~/a", "/k/~/a"],
  ["/k/%n-%h-%r-%p-%u-%i", "/k/web-web.example-deploy-2222-me-1000"],
  ["%d/%L.%l.%k.%j", "/home/me/desk.desk.example.org.web.gate"],
  ["/k/%%h", "/k/%h"],
  ["${KEYS}/%r", "/k/deploy"],
  ["/x/${PERCENT}", "/x/%h"],
  ["/x/$KEYS", "/x/$KEYS"],
  ["id", "/home/me/id"],
])("the file %s is %s", async (text, expected) => {
  expect(await expandFile("IdentityFile", text, tokens, context)).toBe(expected);
});

test.each([
  ["/k/%z", "it knows no %z"],
  ["/k/%", "it knows no %"],
  ["${NONE}/k", "${NONE} is not set"],
  ["~nobody/k", "there is no account nobody"],
])("what ssh could not expand is refused, and not guessed: %s", async (text, why) => {
  await expect(expandFile("IdentityFile", text, tokens, context)).rejects.toMatchObject({
    code: "invalid_request",
    message: containing(why),
  });
});

test("a ProxyCommand knows fewer tokens, and leaves its variables to the shell", () => {
  const text = "nc %h %p -x %n %r %k %% ${HOME} $(id)";
  expect(expandTokens("ProxyCommand", text, proxyTokens(tokens))).toBe(
    "nc web.example 2222 -x web deploy web % ${HOME} $(id)",
  );
  expect(() => expandTokens("ProxyCommand", "nc %d", proxyTokens(tokens))).toThrow("it knows no %d");
});

test.each([
  ["/k/known %H", "/k/known %H"],
  [
    "/k/%n %n %h:%p %r %k %j %C %d %u %i %L %l",
    "/k/%n web web.example:2222 deploy web gate c0ffee /home/me me 1000 desk desk.example.org",
  ],
  ["/k/known %I %t %f %K %% %z %", "/k/known %I %t %f %K %% %z %"],
  [
    `/k/known "%n %h" 'it''s' \${KEYS} \${NONE} \${PERCENT}`,
    `/k/known "web web.example" its /k \${NONE} %%h`,
  ],
  ['/k/known "', '/k/known "'],
])("the command %s is run as %s, whose other tokens are known later", (command, expected) => {
  expect(expandArguments(command, tokens, context)).toBe(expected);
});

test("what a token stands for is one part of a word, and is not expanded again", () => {
  const odd = { ...tokens, n: 'a b"\\', r: "50%h" };
  expect(expandArguments("/k/known %n %r", odd, context)).toBe('/k/known "a b\\"\\\\" 50%%h');
});
