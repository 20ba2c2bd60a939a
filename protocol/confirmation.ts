import * as z from "zod";

/**
 * The only message from the webview that asks for confirmation before a command goes to a production host: the
 * person's choice.
 */
export const FromConfirmation = z.strictObject({ type: z.literal("answer"), run: z.boolean() });
export type FromConfirmation = z.infer<typeof FromConfirmation>;
