import type { Argument, Command, Option } from 'commander'

/** What an option or argument of this name can be, beginning with what was typed. */
export type Values = (question: Question) => Promise<readonly string[]>

export interface Question {
  /** Of the option or argument, for instance `network`. */
  readonly name: string
  /** The commands on the way to it, for instance `token`, `revoke`. */
  readonly commands: readonly string[]
  readonly typed: string
  /** Options that were given before, by their names in code. */
  readonly options: Readonly<Record<string, string>>
}

/** Where the cursor is. */
interface Place {
  readonly command: Command
  readonly commands: readonly string[]
  /** Arguments of the command that stand before. */
  readonly count: number
  /** Whether a bare `--` stands before. */
  readonly isBare: boolean
  /** The option whose value is being typed. */
  readonly option: Option | undefined
  readonly options: Readonly<Record<string, string>>
}

/** Names that a shell can take as they are; there are no others among ours. */
const PLAIN = /^[\w./:@+=-]+$/

/** What may stand in place of the last of `words`. */
export async function completionsOf(
  program: Command,
  words: readonly string[],
  values: Values,
): Promise<string[]> {
  const parts = words.flatMap(partsOf)
  // Bash takes an equals sign for a word of its own, and wants what stands behind it.
  const typed = parts.at(-1) === '=' ? '' : (parts.at(-1) ?? '')
  const before = parts.slice(0, -1).filter((part) => part !== '=')
  const found = await candidates(placeAfter(program, before), typed, values)
  const [, prefix = ''] = JOINED.exec(words.at(-1) ?? '') ?? []
  return [...new Set(found)]
    .filter((one) => one.startsWith(typed) && PLAIN.test(one))
    .map((one) => `${prefix}${one}`)
}

/** An option and its value in one word. */
const JOINED = /^(--[\w-]+=)(.*)$/s

function partsOf(word: string): string[] {
  const [, option = '', value = ''] = JOINED.exec(word) ?? []
  return option === '' ? [word] : [option.slice(0, -1), value]
}

async function candidates(place: Place, typed: string, values: Values): Promise<readonly string[]> {
  const { command, commands, count, option, options, isBare } = place
  const ask = (name: string) => values({ name, commands, typed, options })
  if (option) return option.argChoices ?? ask(option.attributeName())
  if (typed.startsWith('-') && !isBare) return optionsOf(command)
  const own = count === 0 ? command.commands.filter((one) => !isHidden(one)).map((one) => one.name()) : []
  const argument = argumentAt(command, count)
  const fitting = argument && (argument.argChoices ?? (await ask(argument.name())))
  return [...own, ...(fitting ?? [])]
}

function placeAfter(program: Command, words: readonly string[]): Place {
  let command = program
  const commands: string[] = []
  const options: Record<string, string> = {}
  let option: Option | undefined
  let count = 0
  let isBare = false
  for (const word of words) {
    if (option) {
      options[option.attributeName()] = word
      option = undefined
    } else if (word === '--' && !isBare) isBare = true
    else if (word.startsWith('-') && !isBare) {
      const known = optionsFor(command).find(({ long, short }) => long === word || short === word)
      if (known && (known.required || known.optional)) option = known
    } else {
      const child = count === 0 ? command.commands.find((one) => one.name() === word) : undefined
      if (child) commands.push(word)
      else count += 1
      command = child ?? command
    }
  }
  return { command, commands, count, isBare, option, options }
}

function optionsFor(command: Command): readonly Option[] {
  return command.options
}

function optionsOf(command: Command): string[] {
  const shown = optionsFor(command).filter(({ hidden }) => !hidden)
  return [...shown.flatMap(({ long }) => long ?? []), '--help']
}

function argumentAt({ registeredArguments }: Command, at: number): Argument | undefined {
  const last = registeredArguments.at(-1)
  return registeredArguments[at] ?? (last?.variadic ? last : undefined)
}

function isHidden(command: Command): boolean {
  return Reflect.get(command, '_hidden') === true
}
