import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { describe, it } from 'node:test'
import { openFlows, parseTable } from '../../src/agent/flows.ts'

/** As Linux prints it on a machine with little-endian words. */
const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0101400A:0016 0102400A:C350 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
   2: 0101400A:0016 0103400A:C351 06 00000000:00000000 00:00000000 00000000     0        0 3 1 0 20 4 30 10 -1`

const TABLE6 = `  sl  local_address                         remote_address                        st
   0: 000000FD000000000000000001000000:1B58 000000FD000000000000000002000000:8000 01 00000000:00000000
   1: 0000000000000000FFFF00000101400A:1B58 0000000000000000FFFF00000102400A:8001 01 00000000:00000000`

describe('Connections that are there before a filter is', () => {
  it('are those that are established, with the address and port of the other end', () => {
    assert.deepEqual(parseTable(TABLE), [{ from: '10.64.2.1/32', remotePort: 50_000, localPort: 22 }])
  })

  it('are of both families, also where a socket of IPv6 carries IPv4', () => {
    assert.deepEqual(parseTable(TABLE6), [
      { from: 'fd00::2/128', remotePort: 32_768, localPort: 7_000 },
      { from: '10.64.2.1/32', remotePort: 32_769, localPort: 7_000 },
    ])
  })

  it('are found by the kernel of this machine', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const place = server.address()
    assert.ok(typeof place === 'object' && place)
    const socket = connect(place.port, '127.0.0.1')
    const [other] = await once(server, 'connection')
    const flows = await openFlows()
    assert.ok(
      flows.some(({ localPort, remotePort }) => localPort === place.port && remotePort === socket.localPort),
    )
    for (const end of [socket, other]) end.destroy()
    server.close()
  })

  it('are none in what is no such table', () => {
    assert.deepEqual(parseTable('0: x:y z 01\n1: 01:02 03:04 01\n'), [])
  })
})
