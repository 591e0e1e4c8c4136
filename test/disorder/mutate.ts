/** A generator of numbers that a seed gives again (mulberry32): the same series, faster than chance of any quality. */
export function numbersFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** The text with one thing wrong: a bit, a character, a piece that is missing, doubled or from another text. */
export function mutate(text: string, other: string, number: (below: number) => number): string {
  const [at, length] = [number(text.length), 1 + number(12)]
  const [before, after] = [text.slice(0, at), text.slice(at)]
  switch (number(7)) {
    case 0:
      return before + String.fromCharCode(text.charCodeAt(at) ^ (1 << number(7))) + after.slice(1)
    case 1:
      return before
    case 2:
      return before + after.slice(length)
    case 3:
      return before + after.slice(0, length) + after
    case 4:
      return before + other.slice(number(other.length)) + after
    case 5:
      return before + PIECES[number(PIECES.length)] + after.slice(1)
    default:
      return before + other.slice(at)
  }
}

const PIECES = [
  'null',
  '-1',
  '1e999',
  '""',
  '[]',
  '{}',
  '"type":"applied",',
  '\\u0000',
  '9007199254740993',
  'A',
  '__proto__',
]
