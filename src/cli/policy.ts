import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { parse, stringify } from 'yaml'
import type { Input } from '../client/api.ts'
import { WeftError } from '../errors.ts'
import { type ClientOptions, clientCommand, openClient } from './connection.ts'
import { printLinkChanges } from './linkchanges.ts'
import { print } from './output.ts'
import { type ShowOptions, show, showingCommand } from './show.ts'

/** `weft policy get|set|check` */
export function policyCommand(): Command {
  return new Command('policy')
    .description('Say who may open what to whom in a network.')
    .addCommand(getCommand())
    .addCommand(setCommand())
    .addCommand(checkCommand())
}

const HELP = `
A policy, as YAML or JSON:
  default: deny
  rules:
    - { from: role=web, to: role=db, protocols: [tcp], ports: [5432] }
    - { from: '*', to: 'role=dns,site=ams', ports: [53] }
    - { from: admin-1, to: '*' }

  'from' and 'to' are '*' (all members), label=value, label=value,label2=value2 (all of these), or a node.
  Protocols are tcp, udp and icmp; ports a number or 'first-last'. Where neither is given, all is meant.
  A rule lets 'from' open flows to 'to'; replies are always let in. Where no rule speaks, the default holds. Members that
  may open nothing to each other are no peers, and learn nothing of each other.

Examples:
  weft policy get demo > demo.yaml
  weft policy check demo demo.yaml           which links would appear and disappear
  weft policy set demo demo.yaml
  weft node label web-1 role=web`

function getCommand(): Command {
  return showingCommand('get')
    .description('Print the policy of a network, as it can be handed in again.')
    .argument('<network>', 'id or name')
    .action((network: string, options: ShowOptions) => {
      let tag: string | undefined
      return show(
        options,
        async (client) => {
          const { answer, etag } = await client.read('showPolicy', { path: { network } })
          tag = etag
          return answer
        },
        (policy) => `# etag: ${tag}\n${stringify(policy)}`,
      )
    })
}

interface SetOptions extends ClientOptions {
  readonly ifMatch?: string
}

function setCommand(): Command {
  return clientCommand('set')
    .description('Set the whole policy of a network.')
    .argument('<network>', 'id or name')
    .argument('<file>', "YAML or JSON; '-' reads it from the standard input")
    .option(
      '--if-match <etag>',
      "only if the policy is still the one of this etag, as 'weft policy get' prints it",
    )
    .addHelpText('after', HELP)
    .action(async (network: string, file: string, options: SetOptions) => {
      const document = readDocument(file)
      using client = openClient(options)
      const headers = { 'if-match': options.ifMatch }
      const { answer, etag } = await client.read('setPolicy', { path: { network }, headers, body: document })
      print(options.json, answer, () => `# etag: ${etag}\n${stringify(answer)}`)
    })
}

function checkCommand(): Command {
  return clientCommand('check')
    .description('Say which links a policy would make and end. Nothing is changed.')
    .argument('<network>', 'id or name')
    .argument('<file>', "YAML or JSON; '-' reads it from the standard input")
    .addHelpText('after', HELP)
    .action(async (network: string, file: string, options: ClientOptions) => {
      const document = readDocument(file)
      using client = openClient(options)
      const answer = await client.rehearse('setPolicy', { path: { network }, body: document })
      await printLinkChanges(client, answer, options.json)
    })
}

/** What the file holds; whether it is a policy, the controller says. Throws `invalid-input` for what is neither YAML nor JSON. */
function readDocument(file: string): Input<'setPolicy'>['body'] {
  try {
    return parse(readFileSync(file === '-' ? 0 : file, 'utf8'))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : ''
    throw new WeftError('invalid-input', `The policy in ${file} cannot be read: ${reason}.`, {
      field: 'file',
      advice: "'weft policy set --help' shows how one is written.",
      cause,
    })
  }
}
