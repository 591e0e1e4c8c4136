// `node deploy/setup.js COMMAND [ARGS…]`: brings what the command needs, then becomes the command.
// Plain JavaScript without dependencies, for it runs on the Node that is there (18 or later) before anything is installed.

import { ensureConsole } from './setup/console.js'
import { launch } from './setup/launch.js'
import { ensureModules } from './setup/modules.js'
import { ensureProgram, programFile } from './setup/program.js'
import { ensurePrograms } from './setup/programs.js'
import { say } from './setup/say.js'

const TUNNELS = ['wg', 'wireguard-go', 'ip', 'nft', 'ping']

const REDIS = ['redis-server', 'redis-cli']

const COMMANDS = {
  build: { programs: [], console: true },
  up: { programs: TUNNELS, console: true, run: ['weft', 'up'] },
  check: { programs: [], run: ['test/run.ts', '--fast'] },
  test: {
    programs: [...TUNNELS, ...REDIS, 'iperf3', 'tcpdump', 'ps', 'systemd-analyze', 'chromium', 'zsh', 'fish'],
    console: true,
    run: ['test/run.ts'],
  },
  faults: { programs: [...TUNNELS, ...REDIS, 'ps'], run: ['test/chaos/main.ts'] },
  bench: { programs: [...TUNNELS, ...REDIS, 'iperf3'], run: ['test/bench/main.ts'] },
}

function main([name, ...args]) {
  const command = COMMANDS[name]
  if (!command) {
    say(`"${name ?? ''}" is no command. Known are: ${Object.keys(COMMANDS).join(', ')}.`)
    process.exit(2)
  }
  if (!ensureModules()) process.exit(1)
  // Without them the command still runs, does what it can, and says itself what it leaves out.
  const shares = args.some((arg) => arg.startsWith('--replicas'))
  ensurePrograms(shares ? [...command.programs, 'redis-server'] : command.programs)
  const built = [!command.console || ensureConsole(), ensureProgram()]
  if (command.run) become(command.run, args)
  // Who asked for nothing else goes on as if it were there.
  else if (built.includes(false)) process.exitCode = 1
}

function become([file, ...own], args) {
  // What the tests start is what people start.
  process.env.WEFT_PROGRAM = programFile()
  launch([file === 'weft' ? process.env.WEFT_PROGRAM : file, ...own, ...args])
}

main(process.argv.slice(2))
