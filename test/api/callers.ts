// Callers that knock all at once, each until it is served: no longer than its patience, and then again without a pause.

import { connect } from 'node:net'

const [port, count, patience] = process.argv.slice(2).map(Number)

let left = count ?? 0

function call(): void {
  const socket = connect({ host: '127.0.0.1', port: port ?? 0 })
  const end = setTimeout(() => socket.destroy(), patience)
  let isServed = false
  socket.once('data', () => {
    isServed = true
    socket.destroy()
  })
  socket.on('error', () => undefined)
  socket.once('close', () => {
    clearTimeout(end)
    if (!isServed) setImmediate(call)
    else if (--left === 0) process.exit(0)
  })
}

for (let at = 0; at < left; at++) call()
process.on('disconnect', () => process.exit(1))
