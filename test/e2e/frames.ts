// Loaded into a daemon by --import: prints every frame that it sends by websocket, as it is before TLS hides it.

import { writeSync } from 'node:fs'
import { WebSocket } from 'ws'

const STDOUT = 1

WebSocket.prototype.send = new Proxy(WebSocket.prototype.send, {
  apply(send, socket, args) {
    writeSync(STDOUT, `${args[0]}\n`)
    return Reflect.apply(send, socket, args)
  },
})
