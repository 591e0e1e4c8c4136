import { Command } from 'commander'
import { valuesNamed } from './completion/values.ts'
import { completionsOf } from './completion/words.ts'

/**
 * `weft complete`: what may stand where the cursor is, one a line. Shells ask for it (`weft completion`).
 * @param createProgram the program, in which the command that is named is there with all that it has
 */
export function completeCommand(createProgram: (args: readonly string[]) => Promise<Command>): Command {
  return new Command('complete')
    .description('Say what may stand in place of the last word.')
    .argument('[words...]', 'those of the line, up to the one that is typed')
    .action(async (words: readonly string[]) => {
      const program = await createProgram(words.slice(0, -1).slice(0, 1))
      const found = await completionsOf(program, words, valuesNamed)
      process.stdout.write(found.map((one) => `${one}\n`).join(''))
    })
}
