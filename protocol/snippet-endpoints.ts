import { endpoint, reading, writing } from "./endpoint.ts";
import { listOf } from "./list.ts";
import {
  ExpandedSnippet,
  ExpandRequest,
  ExpandTemplateRequest,
  NewSnippet,
  Snippet,
  SnippetChanges,
} from "./snippet.ts";

export const snippetEndpoints = {
  listSnippets: endpoint({
    method: "GET",
    path: "/api/snippets",
    summary: "The saved snippets: commands with inputs",
    status: 200,
    output: listOf(Snippet),
    problems: [],
  }),
  createSnippet: endpoint({
    method: "POST",
    path: "/api/snippets",
    summary: "Save a snippet",
    body: NewSnippet,
    status: 201,
    output: Snippet,
    problems: [...writing, "conflict", "storage_full"],
  }),
  getSnippet: endpoint({
    method: "GET",
    path: "/api/snippets/:snippet",
    summary: "One snippet, by name or id",
    status: 200,
    output: Snippet,
    problems: [...reading, "not_found"],
  }),
  updateSnippet: endpoint({
    method: "PATCH",
    path: "/api/snippets/:snippet",
    summary: "Change a snippet",
    body: SnippetChanges,
    status: 200,
    output: Snippet,
    problems: [...writing, "not_found", "conflict", "storage_full"],
  }),
  deleteSnippet: endpoint({
    method: "DELETE",
    path: "/api/snippets/:snippet",
    summary: "Remove a snippet",
    status: 204,
    output: "none",
    problems: [...reading, "not_found"],
  }),
  expandSnippet: endpoint({
    method: "POST",
    path: "/api/snippets/:snippet/expand",
    summary: "Expand a snippet's command, without running it",
    body: ExpandRequest,
    status: 200,
    output: ExpandedSnippet,
    problems: [...writing, "not_found", "host_unknown"],
  }),
  expandTemplate: endpoint({
    method: "POST",
    path: "/api/snippets/expand",
    summary: "Expand the command of an unsaved snippet, without running it",
    body: ExpandTemplateRequest,
    status: 200,
    output: ExpandedSnippet,
    problems: [...writing, "host_unknown"],
  }),
};
