import { copy } from '../chat/actions.tsx'
import { client } from '../state/client.ts'
import { full } from '../ui/format.ts'
import { Link, Trash } from '../ui/icons.tsx'
import { fail } from '../ui/toast.tsx'

export interface Share {
  id: string
  chat_id?: string
  /** Only of one that was just made: the server keeps no more than its hash. */
  url?: string
  live: boolean
  include?: string[]
  created_at?: string
  expires_at: string | null
}

export const address = (share: Share) => (share.url ? new URL(share.url, location.origin).href : undefined)

export function ShareRow({ share, title, onGone }: { share: Share; title?: string; onGone: () => void }) {
  const remove = () => client.request('DELETE', `/shares/${share.id}`).catch(fail).finally(onGone)
  const url = address(share)
  return (
    <li class="row">
      <div class="row-text">
        <strong>{title ?? (share.live ? 'Follows the chat' : 'The chat of then')}</strong>
        <small>
          {[
            title && (share.live ? 'follows the chat' : 'the chat of then'),
            share.created_at && `made ${full(share.created_at)}`,
            share.expires_at ? `until ${full(share.expires_at)}` : 'without an end',
            share.include?.length && `with ${share.include.join(' and ')}`,
          ]
            .filter(Boolean)
            .join(' · ')}
        </small>
      </div>
      {url && (
        <button type="button" class="button small" onClick={() => copy(url)}>
          <Link />
          Copy the link
        </button>
      )}
      <button
        type="button"
        class="icon-button"
        aria-label="Delete this link"
        title="Delete this link"
        onClick={remove}
      >
        <Trash />
      </button>
    </li>
  )
}
