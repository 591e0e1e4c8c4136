// A program that builds a lab with a tunnel and a stubborn process in it, and then waits to be killed:
//   node test/lab/owner.ts ID isolated|bare

import { setTimeout as wait } from 'node:timers/promises'
import { buildLab } from '../../src/lab/lab.ts'
import { flat } from '../../src/lab/topology.ts'

const [id = '', kind] = process.argv.slice(2)
const isolated = kind === 'isolated'
const lab = await buildLab(flat(2), { id, isolated })
const daemon = await lab.host('node-1').start('sleep', ['sleep', '600'])
if (isolated) await lab.host('node-1').exec('wireguard-go', [`wflab${id}`])
process.stdout.write(`${daemon.pid}\n`)
await wait(600_000)
