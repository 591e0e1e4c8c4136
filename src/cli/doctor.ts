import type { Command } from 'commander'
import { lookAtState, stateDirOf } from '../agent/home.ts'
import { type AgentSettings, agentSettings } from '../agent/settings.ts'
import { WeftError } from '../errors.ts'
import { loadSettings } from '../settings.ts'
import { type ClientOptions, clientCommand, openClient } from './connection.ts'
import { checkController } from './doctor/controller.ts'
import { type Finding, fail, ok, report, skip } from './doctor/finding.ts'
import { checkMachine } from './doctor/machine.ts'
import { checkPair, type Pair } from './doctor/pair.ts'
import { checkTunnels } from './doctor/tunnels.ts'

const EXAMPLES = `
Examples:
  weft doctor                      this machine: rights, programs, controller, tunnels (as root)
  weft doctor demo web-1 db-1      two members, as the controller sees them: from keys to the MTU

Exit code 1: a check failed. What to do about each stands below the table.`

interface DoctorOptions extends ClientOptions {
  readonly stateDir?: string
}

/** `weft doctor` */
export function doctorCommand(): Command {
  return clientCommand('doctor')
    .description('Look for what is wrong: on this machine, or between two members of a network.')
    .argument('[network]', 'id or name')
    .argument('[a]', 'id or name of the node at one end')
    .argument('[b]', 'id or name of the node at the other end')
    .option('--state-dir <directory>', 'where the agent of this machine keeps its state')
    .addHelpText('after', EXAMPLES)
    .action(
      async (
        network: string | undefined,
        a: string | undefined,
        b: string | undefined,
        options: DoctorOptions,
      ) => {
        if (network === undefined) return report(await checkNode(options), options.json)
        if (a === undefined || b === undefined) throw incomplete()
        report(checkPair(await fetchPair(network, [a, b], options)), options.json)
      },
    )
}

async function checkNode({ stateDir }: DoctorOptions): Promise<Finding[]> {
  const settings = loadSettings(agentSettings, { environment: process.env, flags: { stateDir } })
  return [...checkMachine(), ...(await checkAgent(settings))]
}

async function checkAgent(settings: AgentSettings): Promise<Finding[]> {
  const state = await lookAtState(settings)
  const { identity, enrolment } = state
  const directory = stateDirOf(settings)
  if (!identity) return [skip('identity', `${directory} holds none: no agent that keeps its state has run.`)]
  const known = ok('identity', `This is node ${identity.id}.`)
  if (enrolment)
    return [known, ...(await checkController(enrolment)), ...(await checkTunnels(state, identity, enrolment))]
  const advice = "Make a token with 'weft token create' and start the agent once with --join TOKEN."
  return [known, fail('controller', 'This node has joined none.', advice)]
}

async function fetchPair(
  network: string,
  [a, b]: readonly [string, string],
  options: DoctorOptions,
): Promise<Pair> {
  using client = openClient(options)
  const paths = await client.call('explainPaths', { path: { network }, query: { from: a, to: b } })
  const [graph, members] = await Promise.all([
    client.call('showGraph', { path: { network }, query: { node: paths.from } }),
    client.list('listMembers', { path: { network } }),
  ])
  const [from, to] = [paths.from, paths.to].map((id) => members.find(({ node }) => node === id))
  if (from && to) return { members: [from, to], graph, paths }
  throw new WeftError('conflict', 'A member was removed in this moment.', { advice: 'Try again.' })
}

function incomplete(): WeftError {
  return new WeftError('invalid-input', 'A network alone cannot be looked at.', {
    field: 'a',
    advice: 'Name two members: weft doctor NETWORK A B. Or nothing at all, for this machine.',
  })
}
