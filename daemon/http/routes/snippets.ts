import type { Snippets } from "../../snippets/snippets.ts";
import type { Handlers } from "../request-context.ts";

type SnippetHandlers = Pick<
  Handlers,
  | "listSnippets"
  | "createSnippet"
  | "getSnippet"
  | "updateSnippet"
  | "deleteSnippet"
  | "expandSnippet"
  | "expandTemplate"
>;

export function snippetRoutes(snippets: Snippets): SnippetHandlers {
  return {
    listSnippets: () => ({ items: snippets.list(), nextCursor: null }),
    createSnippet: ({ body }) => snippets.create(body),
    getSnippet: ({ params }) => snippets.get(params.snippet),
    updateSnippet: ({ params, body }) => snippets.update(params.snippet, body),
    deleteSnippet: ({ params }) => {
      snippets.delete(params.snippet);
      return undefined;
    },
    expandSnippet: ({ params, body }) => snippets.expand(snippets.get(params.snippet), body),
    expandTemplate: ({ body: { snippet, ...given } }) => snippets.expand(snippet, given),
  };
}
