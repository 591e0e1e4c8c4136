// Starts a crew that has work for ever, says which process that is, and waits to be killed.

import { fileURLToPath } from 'node:url'
import { startHelper } from '../helper.ts'
import type { CrewCalls } from './crew-process.ts'

const helper = await startHelper<CrewCalls>(fileURLToPath(new URL('crew-process.ts', import.meta.url)))
// Nobody listens there.
const [urls, nothing] = [['https://127.0.0.1:1'], 'A'.repeat(43)]
helper
  .call('knock', { urls, fingerprint: nothing as never, controllerKey: nothing as never }, 50)
  .catch(() => undefined)
await helper.call('bytes')
process.send?.(helper.pid)
