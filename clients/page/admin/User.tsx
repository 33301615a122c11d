import { bytes, money, number } from '../src/ui/format.ts'
import { AuditOf } from './Audit.tsx'
import { BudgetForm } from './BudgetForm.tsx'
import { Devices, Keys, Sessions, Shares } from './Belongings.tsx'
import { RepliesOf } from './Replies.tsx'
import { Answer, Ask, Do, State, Time, useAnswer } from './parts.tsx'
import type { AccountDetail } from './types.ts'

export function UserView({ id }: { id: string }) {
  const path = `/admin/users/${encodeURIComponent(id)}`
  const { value: user, error, reload } = useAnswer<AccountDetail>(path)
  return (
    <>
      <p>
        <a href="#/users">All users</a>
      </p>
      <Answer error={error} reload={reload} ready={!!user}>
        {user && (
          <>
            <h1>{user.username}</h1>
            <div class="tools">
              <State state={user.disabled_at ? 'disabled' : 'enabled'} />
              {user.disabled_at ? (
                <Do
                  label="Enable"
                  of={user.username}
                  path={`${path}/enable`}
                  done="The account may log in again."
                  after={reload}
                />
              ) : (
                <Ask
                  label="Disable"
                  of={user.username}
                  title={`Disable ${user.username}?`}
                  text="Its sessions and keys end at once, and logins are refused until the account is enabled."
                  action="Disable"
                  done="The account is disabled."
                  method="POST"
                  path={`${path}/disable`}
                  after={reload}
                />
              )}
              <button type="button" class="button small" onClick={reload}>
                Refresh
              </button>
            </div>
            <UserFacts user={user} />
            <BudgetForm key={JSON.stringify(user.caps)} user={user} after={reload} />
            <Sessions user={user} after={reload} />
            <Keys user={user} after={reload} />
            <Shares user={user} after={reload} />
            <Devices user={user} />
            <RepliesOf user={user} />
            <AuditOf user={user} />
          </>
        )}
      </Answer>
    </>
  )
}

function UserFacts({ user: u }: { user: AccountDetail }) {
  const print = (unit: string, n: number) => (unit === 'cost_usd' ? money(n) : `${number(n)} tokens`)
  return (
    <dl class="facts">
      <div>
        <dt>Id</dt>
        <dd class="id">{u.id}</dd>
      </div>
      <div>
        <dt>E-mail</dt>
        <dd>
          {u.email} ({u.email_verified ? 'verified' : 'not verified'})
        </dd>
      </div>
      <div>
        <dt>Role</dt>
        <dd>{u.role}</dd>
      </div>
      <div>
        <dt>Since</dt>
        <dd>
          <Time at={u.created_at} />
        </dd>
      </div>
      <div>
        <dt>Last used</dt>
        <dd>
          <Time at={u.last_used_at} />
        </dd>
      </div>
      {u.disabled_at && (
        <div>
          <dt>Disabled</dt>
          <dd>
            <Time at={u.disabled_at} />
          </dd>
        </div>
      )}
      <div>
        <dt>Holds</dt>
        <dd>
          {number(u.chats)} chats, {bytes(u.media_bytes)} of uploads, {number(u.identities)} identities of issuers
        </dd>
      </div>
      {u.budget.map((b) => (
        <div key={b.window + b.unit}>
          <dt>{b.window === 'day' ? 'Today' : 'This month'}</dt>
          <dd>
            {print(b.unit, b.used)} of {print(b.unit, b.cap)}
          </dd>
        </div>
      ))}
    </dl>
  )
}
