import { DEMO } from './demo.ts'
import type { Shown } from './show.ts'

/** What the person in front can do now: where the controller is, and three things to try. */
export function directions(url: string, token: string, shown: Shown): string {
  const tries = threeThings(shown)
  const width = Math.max(...tries.map(({ command }) => command.length))
  return `
URL    ${url}
token  ${token}

Three things to try, in another terminal and this folder, after

  export WEFT_URL='${url}' WEFT_TOKEN=${token}

${tries.map(({ command, what }) => `  ${command.padEnd(width)}  # ${what}\n`).join('')}
Ctrl-C ends it and cleans up.
`
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
