/** One line for the person in front; on stderr, so that the output of the command stays its own. */
export function say(line) {
  process.stderr.write(`set-up: ${line}\n`)
}
