import type { Command } from 'commander'
import type { Input } from '../client/api.ts'
import type { ApplyResult } from '../client/operations.ts'
import { WeftError } from '../errors.ts'
import { appliedText, differenceText } from './apply/difference.ts'
import { type Located, readWanted } from './apply/document.ts'
import { confirm } from './confirm.ts'
import { type ClientOptions, clientCommand, openClient } from './connection.ts'
import { print } from './output.ts'

interface ApplyOptions extends ClientOptions {
  readonly file?: string
  readonly dryRun?: boolean
  readonly prune?: boolean
  readonly yes?: boolean
  readonly schema?: boolean
}

const HELP = `
A file, as YAML or JSON:
  # yaml-language-server: $schema=network.schema.json
  networks:
    demo:
      ipv4: 10.9.0.0/16                  # ipv6, nodePrefixLength, topology, keyCustody: when it is made, never changed
      members: [web-1, db-1]
      policy:
        default: deny
        rules:
          - { from: role=web, to: role=db, ports: [5432] }
  nodes:
    web-1: { labels: { role: web } }
    db-1: { labels: { role: db }, roles: [relay] }

What is left out is left as it is. With --prune, networks of the project, members of networks that have 'members', and labels of
nodes that have 'labels' are taken away where the file does not name them. It is all done, or nothing is.

Examples:
  weft apply -f network.yaml             shows what would change, asks, and does it
  weft apply -f network.yaml --dry-run
  weft apply -f network.yaml --yes       for scripts; the second time there is nothing to do
  weft apply --schema > network.schema.json
                                         for editors; a controller serves it at /schemas/network.json`

/** `weft apply` */
export function applyCommand(): Command {
  return clientCommand('apply')
    .description('Make networks and nodes as a file says, after showing what would change.')
    .option('-f, --file <file>', "YAML or JSON; '-' reads it from the standard input")
    .option('--dry-run', 'show what would change, and leave it at that')
    .option('--prune', 'take away what is there and not in the file')
    .option('-y, --yes', 'do not ask')
    .option('--schema', 'print the JSON schema of such files, for editors')
    .addHelpText('after', HELP)
    .action((options: ApplyOptions) => (options.schema ? printSchema() : applyFile(options)))
}

async function printSchema(): Promise<void> {
  const { wantedStateSchema } = await import('../api/schemas/apply.ts')
  process.stdout.write(`${JSON.stringify(wantedStateSchema, null, 2)}\n`)
}

async function applyFile({ file, dryRun, prune, yes, ...options }: ApplyOptions): Promise<void> {
  if (file === undefined) throw withoutFile()
  const wanted = readWanted(file)
  using client = openClient(options)
  const input = { query: { prune }, body: wanted.value }
  const { answer: plan, etag } = await located(wanted, () => client.readRehearsal('apply', input))
  if (!options.json) process.stdout.write(differenceText(plan))
  if (dryRun || plan.changes.length === 0) return printResult(plan, options.json)
  await confirm(questionOf(plan), yes, 'This changes what is there, so it has to be confirmed.')
  // What was shown is done and nothing else: it is refused if the same file would change something else by now.
  const done = await located(wanted, () => client.call('apply', { ...input, headers: { 'if-match': etag } }))
  printResult(done, options.json, () => appliedText(done))
}

type Wanted = Located<Input<'apply'>['body']>

/** Rejects with the line of the file at which the fault is. */
async function located<Value>({ locate }: Wanted, ask: () => Promise<Value>): Promise<Value> {
  try {
    return await ask()
  } catch (error) {
    throw error instanceof WeftError && error.field !== undefined ? locate(error, error.field) : error
  }
}

function printResult(result: ApplyResult, json: boolean | undefined, forPeople = () => ''): void {
  print(json, result, forPeople)
}

function questionOf({ changes }: ApplyResult): string {
  const gone = changes.filter(({ change }) => change === 'remove').length
  return `Make these ${changes.length} changes${gone > 0 ? `, of which ${gone} take something away` : ''}?`
}

function withoutFile(): WeftError {
  return new WeftError('invalid-input', 'It is not said what is wanted.', {
    field: '--file',
    advice: "Give a file with -f; 'weft apply --help' shows how one is written.",
  })
}
