/** `FAILPOINT=name:nth` in the environment, for tests only. */
const [wanted, nth] = (process.env.FAILPOINT ?? '').split(':')
let passed = 0

/** Dies here, as `kill -9` does it, when this is the step and the time that `FAILPOINT` names; else does nothing. */
export function failpoint(name: string): void {
  if (name === wanted && ++passed === Number(nth)) process.kill(process.pid, 'SIGKILL')
}
