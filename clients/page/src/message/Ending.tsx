import type { Message } from 'cote-client'
import { client } from '../state/client.ts'
import { Refresh, Right, Warning } from '../ui/icons.tsx'
import { fail } from '../ui/toast.tsx'

const reasons: Record<string, string> = {
  filtered: 'The provider refused to go on with this reply.',
  empty: 'The model ended without a text.',
  too_long: 'The reply became longer than this server allows.',
  budget_exceeded: 'The budget is used up.',
  rate_limited: 'The provider has too many requests.',
}

/** How a reply ended, where it did not end by itself, and the way on. */
export function Ending({ message }: { message: Message }) {
  const { state, error, finish_reason: reason } = message.generation ?? {}
  const again = (more: object) => client.regenerate(message.chat_id, message.id, more).catch(fail)
  const hasText = message.content.length > 0
  if (state === 'completed' && reason === 'length')
    return <p class="ending">The reply reached its limit of tokens.</p>
  if (state === 'stopped')
    return (
      <p class="ending">
        Stopped.{' '}
        {hasText && (
          <button type="button" class="button small" onClick={() => again({ continue: true })}>
            <Right />
            Continue
          </button>
        )}
      </p>
    )
  if (state !== 'failed' && state !== 'interrupted') return null
  const known = error?.code ? reasons[error.code] : undefined
  const text = state === 'interrupted' ? 'The server ended while it made this reply.' : (known ?? 'The model failed.')
  return (
    <div class="failure" role="group" aria-label="The reply failed">
      <Warning />
      <div>
        <p>{text}</p>
        {error?.detail && error.detail !== known && <p class="failure-detail">{error.detail}</p>}
        <p class="failure-actions">
          <button type="button" class="button small" onClick={() => again({})}>
            <Refresh />
            Try again
          </button>
          {hasText && state === 'failed' && (
            <button type="button" class="button small" onClick={() => again({ continue: true })}>
              <Right />
              Continue
            </button>
          )}
        </p>
      </div>
    </div>
  )
}
