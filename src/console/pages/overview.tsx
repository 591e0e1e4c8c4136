import { useEffect, useState } from 'preact/hooks'
import type { Input } from '../../client/api.ts'
import type { Graph, Network } from '../../client/operations.ts'
import { api } from '../api/client.ts'
import { useAct } from '../panels/act.ts'
import { Dialog } from '../panels/dialog.tsx'
import { Health } from '../panels/health.tsx'
import { Notice } from '../panels/notice.tsx'
import { useRight } from '../rights.ts'
import { change, href } from '../route.ts'
import { when } from '../text.ts'

/** Milliseconds between two looks, and networks that are looked at: of more than these only the names are shown. */
const AGAIN = 15_000
const MOST_LOOKED_AT = 100
const MOST_LISTED = 2_000

/** All networks, with how they are. */
export function Overview() {
  const [networks, setNetworks] = useState<readonly Network[]>()
  const [graphs, setGraphs] = useState<ReadonlyMap<string, Graph>>(new Map())
  const [error, setError] = useState<unknown>()
  const [isMaking, setMaking] = useState(false)
  const mayMake = useRight('networks:write')
  useEffect(() => {
    const stop = new AbortController()
    const look = async () => {
      try {
        const found = await api.list('listNetworks', {}, MOST_LISTED)
        setNetworks(found)
        setError(undefined)
        for (const { id } of found.slice(0, MOST_LOOKED_AT)) {
          const graph = await api.call(
            'showGraph',
            { path: { network: id }, query: { links: 0, members: false } },
            stop.signal,
          )
          setGraphs((before) => new Map(before).set(id, graph))
        }
      } catch (cause) {
        if (!stop.signal.aborted) setError(cause)
      }
    }
    look()
    const timer = setInterval(look, AGAIN)
    return () => {
      stop.abort()
      clearInterval(timer)
    }
  }, [])
  return (
    <main class="page" id="main" tabIndex={-1}>
      <div class="title">
        <h1>Networks</h1>
        {mayMake && (
          <button type="button" class="primary" onClick={() => setMaking(true)}>
            New network
          </button>
        )}
      </div>
      <Notice error={error} />
      {networks?.length === 0 && (
        <p class="empty">There is no network yet. Its name is all that a new one needs.</p>
      )}
      {networks !== undefined && networks.length > 0 && <NetworkTable networks={networks} graphs={graphs} />}
      {isMaking && <NewNetwork onClose={() => setMaking(false)} />}
    </main>
  )
}

interface TableProps {
  readonly networks: readonly Network[]
  readonly graphs: ReadonlyMap<string, Graph>
}

function NetworkTable({ networks, graphs }: TableProps) {
  return (
    <div class="scroll">
      <table class="networks">
        <thead>
          <tr>
            <th scope="col">Network</th>
            <th scope="col">Health</th>
            <th scope="col">Members</th>
            <th scope="col">Links</th>
            <th scope="col">Ranges</th>
            <th scope="col">Topology</th>
            <th scope="col">Revision</th>
          </tr>
        </thead>
        <tbody>
          {networks.map((network) => (
            <NetworkRow key={network.id} network={network} graph={graphs.get(network.id)} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function NetworkRow({ network, graph }: { readonly network: Network; readonly graph: Graph | undefined }) {
  const { name, ipv4, ipv6, topology, revision, createdAt } = network
  return (
    <tr>
      <th scope="row">
        <a href={href(['networks', name])}>{name}</a>
      </th>
      <td>{graph && <Health graph={graph} />}</td>
      <td class="number">{graph && `${graph.members.online} of ${graph.members.all} online`}</td>
      <td class="number">{graph && `${graph.counts.up} of ${graph.counts.links} up`}</td>
      <td class="mono">
        {ipv4}
        <br />
        {ipv6}
      </td>
      <td>{topology}</td>
      <td class="number" title={`Made ${when(createdAt)}`}>
        {revision}
      </td>
    </tr>
  )
}

type Topology = NonNullable<Input<'createNetwork'>['body']['topology']>

/** What can be made, and what it means. */
const TOPOLOGIES: Readonly<Record<Topology, string>> = {
  mesh: 'everybody with everybody',
  hub: 'through members with the role of a hub',
  sites: 'within a site, and gateways between',
}

function NewNetwork({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState('')
  const [topology, setTopology] = useState<Topology>('mesh')
  const { isBusy, error, run } = useAct()
  const make = async () => {
    const made = await api.call('createNetwork', { body: { name: name.trim(), topology } })
    change({}, { parts: ['networks', made.name] })
  }
  return (
    <Dialog title="New network" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          run(make)
        }}
      >
        <label>
          Name
          <input
            name="name"
            required
            autofocus
            autocomplete="off"
            placeholder="demo"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
          <span class="hint">Lower-case letters, digits and inner hyphens. Ranges are chosen for you.</span>
        </label>
        <label>
          Topology
          <select value={topology} onChange={(event) => setTopology(event.currentTarget.value as Topology)}>
            {Object.entries(TOPOLOGIES).map(([kind, meaning]) => (
              <option key={kind} value={kind}>
                {kind}: {meaning}
              </option>
            ))}
          </select>
        </label>
        <Notice error={error} />
        <footer>
          <button type="button" class="quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={isBusy}>
            Make network
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
