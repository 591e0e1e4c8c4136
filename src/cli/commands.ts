import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { EXIT_CODES } from './exit.ts'

interface Entry {
  readonly summary: string
  readonly load: () => Promise<Command>
}

/** Every command is loaded only when it is named: an agent never loads the server, and help is there at once. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  up: {
    summary: 'show it all on this machine: a controller, nodes, a network between them',
    load: async () => (await import('./up.ts')).upCommand(),
  },
  lab: {
    summary: 'the same behind routers of all kinds, by the name of a lab',
    load: async () => (await import('./lab.ts')).labCommand(),
  },
  controller: {
    summary: 'run the controller',
    load: async () => (await import('./controller.ts')).controllerCommand(),
  },
  agent: {
    summary: 'run the agent of this machine',
    load: async () => (await import('./agent.ts')).agentCommand(),
  },
  login: {
    summary: 'sign in to a controller, and keep that as a profile',
    load: async () => (await import('./login.ts')).loginCommand(),
  },
  logout: {
    summary: 'sign out, and forget the token of the profile',
    load: async () => (await import('./logout.ts')).logoutCommand(),
  },
  profile: {
    summary: 'list, choose, show and delete profiles: controllers with names',
    load: async () => (await import('./profile.ts')).profileCommand(),
  },
  project: {
    summary: 'make, list, show and delete projects',
    load: async () => (await import('./project.ts')).projectCommand(),
  },
  'api-token': {
    summary: 'make, list and revoke API tokens',
    load: async () => (await import('./apitoken.ts')).apiTokenCommand(),
  },
  network: {
    summary: 'make, list, show, share and delete networks',
    load: async () => (await import('./network.ts')).networkCommand(),
  },
  member: {
    summary: 'add nodes to a network, list and remove them',
    load: async () => (await import('./member.ts')).memberCommand(),
  },
  policy: {
    summary: 'say who may open what to whom in a network',
    load: async () => (await import('./policy.ts')).policyCommand(),
  },
  node: {
    summary: 'list, show and remove nodes, and give them roles and labels',
    load: async () => (await import('./node.ts')).nodeCommand(),
  },
  token: {
    summary: 'make, list and revoke join tokens',
    load: async () => (await import('./token.ts')).tokenCommand(),
  },
  apply: {
    summary: 'make networks and nodes as a file says, after showing what would change',
    load: async () => (await import('./apply.ts')).applyCommand(),
  },
  webhook: {
    summary: 'have places outside told of changes, and see how that goes',
    load: async () => (await import('./webhook.ts')).webhookCommand(),
  },
  graph: {
    summary: 'show who reaches whom in a network, and why',
    load: async () => (await import('./graph.ts')).graphCommand(),
  },
  explain: {
    summary: 'say how two members reach each other, and why not better',
    load: async () => (await import('./explain.ts')).explainCommand(),
  },
  link: {
    summary: 'show all that is known of the link of two members',
    load: async () => (await import('./link.ts')).linkCommand(),
  },
  history: {
    summary: 'show what changed in a network, revision by revision',
    load: async () => (await import('./history.ts')).historyCommand(),
  },
  events: {
    summary: 'print what happens, as it happens',
    load: async () => (await import('./events.ts')).eventsCommand(),
  },
  top: {
    summary: 'watch the links of a network',
    load: async () => (await import('./top.ts')).topCommand(),
  },
  doctor: {
    summary: 'look for what is wrong on this machine, or between two members',
    load: async () => (await import('./doctor.ts')).doctorCommand(),
  },
  status: {
    summary: 'say whether the controller answers and can write',
    load: async () => (await import('./status.ts')).statusCommand(),
  },
  errors: {
    summary: 'explain the codes of errors',
    load: async () => (await import('./errors.ts')).errorsCommand(),
  },
  audit: {
    summary: 'show who did what, when, and from where',
    load: async () => (await import('./audit.ts')).auditCommand(),
  },
  completion: {
    summary: 'make a shell complete commands, options and names',
    load: async () => (await import('./completion.ts')).completionCommand(),
  },
  log: {
    summary: 'check, copy and restore the log of a controller',
    load: async () => (await import('./log.ts')).logCommand(),
  },
}

const EXAMPLES = `
Examples:
  weft controller                            run a controller on 127.0.0.1:7443
  export WEFT_URL='https://127.0.0.1:7443#…' the 'url:' line that it printed
  export WEFT_TOKEN='weft_…'                 the 'admin token:' line of its first start
  weft network create demo
  weft token create --network demo           prints what to run on the new machine
  weft graph demo
  weft explain demo web-1 db-1

Exit codes:
${Object.entries(EXIT_CODES)
  .map(([code, meaning]) => `  ${code}  ${meaning}`)
  .join('\n')}

A name that begins with a hyphen comes after '--': weft network show -- -name`

/** The whole program, in which the command that `args` name is there with all that it has. */
export async function createProgram(args: readonly string[]): Promise<Command> {
  const program = new Command('weft')
    // What stands behind a command is for that: `weft audit verify --json`, where `weft audit` has the option as well.
    .enablePositionalOptions()
    .description('Private WireGuard networks between your machines.')
    .version(version(), '-V, --version')
    .addHelpText('after', EXAMPLES)
  const named = args.filter((arg) => !arg.startsWith('-') && arg !== 'help')[0]
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    program.addCommand(name === named ? await load() : new Command(name).description(summary))
  }
  // Asked by shells only.
  if (named === 'complete')
    program.addCommand((await import('./complete.ts')).completeCommand(createProgram), { hidden: true })
  return program
}

function version(): string {
  const content: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const hasVersion = typeof content === 'object' && content !== null && 'version' in content
  return hasVersion ? String(content.version) : 'unknown'
}
