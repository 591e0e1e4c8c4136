/** East Asian wide and fullwidth characters (Unicode Standard Annex 11), and what is shown as a picture. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u
const ASCII = /^[\x20-\x7e]*$/

/** Of characters as people see them: a letter with its accents is one. */
const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Columns that a printable text takes on a terminal. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length
  return [...segmenter.segment(text)].reduce((sum, { segment }) => sum + widthOfOne(segment), 0)
}

/** The beginning of a text that fits into so many columns, with a mark where it was cut. */
export function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let kept = ''
  let taken = 1
  for (const { segment } of segmenter.segment(text)) {
    taken += widthOfOne(segment)
    if (taken > width) break
    kept += segment
  }
  return `${kept}…`
}

/** Columns of the terminal, or as many as COLUMNS says; undefined: there is no end to a line. */
export function lineWidth(
  { isTTY, columns }: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'> = process.stdout,
  given = process.env.COLUMNS,
): number | undefined {
  const wanted = given !== undefined && /^[1-9]\d{0,4}$/.test(given) ? Number(given) : undefined
  return wanted ?? (isTTY ? columns : undefined)
}

function widthOfOne(grapheme: string): number {
  if (/^\p{M}/u.test(grapheme)) return 0
  return WIDE.test(grapheme) ? 2 : 1
}
