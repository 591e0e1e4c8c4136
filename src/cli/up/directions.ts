import type { LabController } from '../../lab/weft.ts'
import { DEMO } from './demo.ts'
import type { Shown } from './show.ts'

/** Where somebody in front of it finds what runs. */
export interface Whereabouts {
  readonly url: string
  readonly token: string
  /** One, or several that are alike. */
  readonly controllers: readonly LabController[]
}

/** What the person in front can do now: where the controllers are, and three things to try. */
export function directions({ url, token, controllers }: Whereabouts, shown: Shown): string {
  const tries = threeThings(shown)
  const width = Math.max(...tries.map(({ command }) => command.length))
  return `
URL    ${url}
token  ${token}
${controllers.length > 1 ? alike(controllers) : ''}
Three things to try, in another terminal and this folder, after

  export WEFT_URL='${url}' WEFT_TOKEN=${token}

${tries.map(({ command, what }) => `  ${command.padEnd(width)}  # ${what}\n`).join('')}
Ctrl-C ends it and cleans up.
`
}

function alike(controllers: readonly LabController[]): string {
  const lines = controllers.map(({ daemon, socket, fingerprint }) => {
    return `  process ${daemon.pid}  unix:${socket}#${fingerprint}\n`
  })
  return `
Controllers, all alike. Any of them can be asked (the URL above is that of the first), and any of them may be killed:

${lines.join('')}`
}

function threeThings({ names, answers }: Shown): { command: string; what: string }[] {
  const last = names.at(-1)
  const probe = answers.find(({ to }) => to === last)
  const packets = `ip netns exec ${probe?.from.namespace} ping ${probe?.address}`
  return [
    { command: `npx weft graph ${DEMO}`, what: 'who reaches whom, over what path, and why' },
    probe
      ? { command: packets, what: `packets from ${probe.from.name} to ${last}, through their tunnel` }
      : { command: `npx weft member list ${DEMO}`, what: 'who is in the network, with which addresses' },
    { command: `npx weft member remove ${DEMO} ${last} --yes`, what: 'all others forget it within a second' },
  ]
}
