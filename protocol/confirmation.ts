import * as z from "zod";

/** The only message of the webview that asks before a command goes to a production host: what the person chose. */
export const FromConfirmation = z.strictObject({ type: z.literal("answer"), run: z.boolean() });
export type FromConfirmation = z.infer<typeof FromConfirmation>;
