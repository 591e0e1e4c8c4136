/**
 * `text` as it may go to a terminal: control characters, invisible ones, and those that turn the direction of writing
 * are shown as `\u{1b}`. They could otherwise move the cursor, hide a part of a name, or pass for another one.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}
