/** API tokens, join tokens and secrets of webhooks have their prefixes so that they can be seen wherever they were pasted. */
const SECRETS = /weft(?:join\d+)?_[\w-]+|whsec_[\w+/=-]+/g

/** A text that may repeat what somebody sent, without what was pasted into the wrong place. */
export function redacted(text: string): string {
  return text.replaceAll(SECRETS, '[redacted]')
}
