import { spawn } from 'node:child_process'

/** One step of the gate: a program of node_modules/.bin and its arguments. */
export interface Step {
  readonly name: string
  readonly program: string
  readonly args: readonly string[]
}

export interface StepResult {
  readonly name: string
  readonly passed: boolean
  /** Milliseconds. */
  readonly took: number
  /** What the program printed on both channels. */
  readonly output: string
}

/** The gate, the longest step first. */
export const steps: readonly Step[] = [
  { name: 'types', program: 'tsc', args: [] },
  { name: 'types of the console', program: 'tsc', args: ['--project', 'src/console'] },
  { name: 'layers', program: 'depcruise', args: ['--config', 'config/layers.cjs', 'src'] },
  { name: 'dead code', program: 'knip', args: ['--config', 'config/knip.json'] },
  { name: 'format and lint', program: 'biome', args: ['check', '--config-path=config/lint.json', '.'] },
]

/** Runs one step in the clone. A program that cannot be started is a step that failed. */
export function runStep(step: Step): Promise<StepResult> {
  const start = performance.now()
  return new Promise((resolve) => {
    let output = ''
    const end = (passed: boolean) =>
      resolve({ name: step.name, passed, took: performance.now() - start, output })
    const child = spawn(`node_modules/.bin/${step.program}`, step.args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const gather = (chunk: Buffer) => {
      output += chunk
    }
    child.stdout.on('data', gather)
    child.stderr.on('data', gather)
    child.on('error', (error) => {
      output += error.message
      end(false)
    })
    child.on('close', (code) => end(code === 0))
  })
}
