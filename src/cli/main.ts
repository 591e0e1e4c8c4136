import { createProgram } from './commands.ts'
import { runProgram } from './exit.ts'

const args = process.argv.slice(2)
process.exit(await runProgram(() => createProgram(args), args))
