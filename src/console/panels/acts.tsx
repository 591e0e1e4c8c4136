import { useEffect, useState } from 'preact/hooks'
import type { CreatedToken, Node } from '../../client/operations.ts'
import { api } from '../api/client.ts'
import type { GraphNode } from '../graph/view.ts'
import { useRight } from '../rights.ts'
import { change } from '../route.ts'
import { when } from '../text.ts'
import { useAct } from './act.ts'
import { Dialog } from './dialog.tsx'
import { Notice } from './notice.tsx'

/** Nodes that are offered at most. */
const MOST_NODES = 2_000

/** What the signed-in may do to a member. */
export function MemberActs({ network, node }: { readonly network: string; readonly node: GraphNode }) {
  const { isBusy, error, run } = useAct()
  const [isRemoving, setRemoving] = useState(false)
  const mayRelay = useRight('relays:write')
  const mayRemove = useRight('members:write')
  const isRelay = node.roles.includes('relay')
  const roles = isRelay ? node.roles.filter((role) => role !== 'relay') : [...node.roles, 'relay' as const]
  return (
    <div class="acts">
      {mayRelay && (
        <button
          type="button"
          disabled={isBusy}
          onClick={() => run(() => api.call('setRoles', { path: { node: node.id }, body: { roles } }))}
        >
          {isRelay ? 'Stop being a relay' : 'Make it a relay'}
        </button>
      )}
      {mayRemove && (
        <button type="button" class="danger" onClick={() => setRemoving(true)}>
          Remove
        </button>
      )}
      <Notice error={error} />
      {isRemoving && <RemoveMember network={network} node={node} onClose={() => setRemoving(false)} />}
    </div>
  )
}

interface RemoveProps {
  readonly network: string
  readonly node: GraphNode
  readonly onClose: () => void
}

/** It cuts somebody off, so it asks for the name. */
function RemoveMember({ network, node, onClose }: RemoveProps) {
  const [name, setName] = useState('')
  const { isBusy, error, run } = useAct()
  const remove = async () => {
    await api.call('removeMember', { path: { network, node: node.id } })
    change({ sel: undefined })
  }
  return (
    <Dialog title={`Remove ${node.name}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          run(remove)
        }}
      >
        <p>
          All its tunnels in {network} stop within a second. Its addresses stay reserved for its return for a
          while.
        </p>
        <label>
          Its name, to be sure
          <input
            name="confirm"
            autofocus
            autocomplete="off"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <Notice error={error} />
        <footer>
          <button type="button" class="quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="danger" disabled={isBusy || name !== node.name}>
            Remove
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

/** A join token, as the one line to run on the new machine. */
export function JoinDialog({ network, onClose }: { readonly network: string; readonly onClose: () => void }) {
  const [made, setMade] = useState<CreatedToken>()
  const { isBusy, error, run } = useAct()
  const make = async (form: FormData) => {
    const site = String(form.get('site') ?? '').trim()
    const body = {
      networks: [network],
      uses: Number(form.get('uses')),
      ttlSeconds: Number(form.get('ttl')),
      ...(site === '' ? {} : { labels: { site } }),
    }
    setMade(await api.call('createToken', { body }))
  }
  return (
    <Dialog title={`Join machines to ${network}`} onClose={onClose}>
      {made ? (
        <JoinCommand token={made} onClose={onClose} />
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            const form = new FormData(event.currentTarget)
            run(() => make(form))
          }}
        >
          <label>
            How many machines
            <input name="uses" type="number" min="1" max="1000000" defaultValue="1" required />
          </label>
          <label>
            How long it can be used
            <select name="ttl">
              <option value="3600">an hour</option>
              <option value="86400">a day</option>
              <option value="604800">a week</option>
            </select>
          </label>
          <label>
            Site
            <input
              name="site"
              maxLength={128}
              autocomplete="off"
              placeholder="optional, for instance berlin"
            />
            <span class="hint">Machines of one site look for each other on their LAN.</span>
          </label>
          <Notice error={error} />
          <footer>
            <button type="button" class="quiet" onClick={onClose}>
              Cancel
            </button>
            <button type="submit" class="primary" disabled={isBusy}>
              Make token
            </button>
          </footer>
        </form>
      )}
    </Dialog>
  )
}

function JoinCommand({ token, onClose }: { readonly token: CreatedToken; readonly onClose: () => void }) {
  const [isCopied, setCopied] = useState(false)
  const command = `npx weft agent --join ${token.token}`
  return (
    <>
      <p>
        Run this on the new machine, as root. It is shown this once, and works until {when(token.expiresAt)}.
      </p>
      <textarea
        class="mono command"
        name="command"
        readOnly
        rows={8}
        value={command}
        onFocus={(event) => event.currentTarget.select()}
      />
      <footer>
        <button
          type="button"
          class="primary"
          onClick={() => navigator.clipboard.writeText(command).then(() => setCopied(true))}
        >
          {isCopied ? 'Copied' : 'Copy'}
        </button>
        <button type="button" class="quiet" onClick={onClose}>
          Done
        </button>
      </footer>
    </>
  )
}

/** A node that has joined already becomes a member of this network, too. */
export function AddDialog({
  network,
  members,
  onClose,
}: {
  readonly network: string
  readonly members: ReadonlySet<string>
  readonly onClose: () => void
}) {
  const [nodes, setNodes] = useState<readonly Node[]>()
  const { isBusy, error, run } = useAct()
  useEffect(() => {
    run(async () =>
      setNodes((await api.list('listNodes', {}, MOST_NODES)).filter(({ id }) => !members.has(id))),
    )
  }, [])
  const add = async (name: string) => {
    await api.call('addMember', { path: { network }, body: { node: name } })
    onClose()
  }
  return (
    <Dialog title={`Add a node to ${network}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          const name = String(new FormData(event.currentTarget).get('node'))
          run(() => add(name))
        }}
      >
        <label>
          Node
          <input name="node" list="nodes" required autofocus autocomplete="off" />
          <datalist id="nodes">
            {nodes?.slice(0, 500).map(({ id, name }) => (
              <option key={id} value={name} />
            ))}
          </datalist>
          <span class="hint">
            {nodes?.length === 0
              ? 'Every node is a member already; a new machine needs a join token.'
              : 'A machine whose agent has joined another network.'}
          </span>
        </label>
        <Notice error={error} />
        <footer>
          <button type="button" class="quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={isBusy}>
            Add
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
