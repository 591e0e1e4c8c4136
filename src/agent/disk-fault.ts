/** As much of it as is told. */
const LONGEST = 200

/** What the system says is wrong with a file, without its name: of a disk that is full it is the same for all files. */
export function diskFault(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  // libuv: CODE: description, call 'path'
  const said = /^(E[A-Z0-9]+: [^,]+)/.exec(text)?.[1] ?? text
  return said.slice(0, LONGEST)
}
