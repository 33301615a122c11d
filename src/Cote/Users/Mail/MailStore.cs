namespace Cote.Users;

/// <summary>A mail that this node has taken to send.</summary>
/// <param name="UserId">Null where the address is all that is known.</param>
/// <param name="Tries">Counts this one.</param>
sealed record Mail(string Id, string Purpose, string? UserId, string Address, Timestamp CreatedAt, long Tries);

/// <summary>All SQL of mails that are to be sent, and of the codes that were.</summary>
sealed class MailStore(Database db)
{
    const int MostWaiting = 10_000;
    static readonly TimeSpan Lease = TimeSpan.FromMinutes(2); // longer than a try
    static readonly TimeSpan Counted = TimeSpan.FromHours(1);
    static readonly TimeSpan WaitsAtMost = TimeSpan.FromHours(2); // longer than the loop tries
    static readonly TimeSpan KeptFor = TimeSpan.FromDays(2);

    /// <summary>Asks for a mail. Beyond ten thousand that wait it is dropped: false.</summary>
    public async Task<bool> AddAsync(string id, string purpose, string? userId, string address, Timestamp now)
    {
        var batch = new WriteBatch();
        var added = batch.Execute($"""
            insert into mails (id, purpose, user_id, address, created_at)
            select {id}, {purpose}, {userId}, {address}, {now}
            where (select count(*) from mails) < {MostWaiting}
            """);
        await db.WriteAsync(batch);
        return added.Changed > 0;
    }

    /// <summary>The mails that are due, by the database's clock.</summary>
    public Task<IReadOnlyList<string>> ListDueAsync(long most, CancellationToken ct) => db.ListAsync(
        $"select id from mails where due_at <= {db.Dialect.Now} order by due_at limit {most}",
        row => row.GetString(0), ct);

    /// <summary>Takes a mail for a while; null where another node has it, or has sent it.</summary>
    public async Task<Mail?> ClaimAsync(string id)
    {
        var batch = new WriteBatch();
        var taken = batch.Query(
            $"""
            update mails set due_at = {db.Dialect.Now} + {(long)Lease.TotalMilliseconds}, tries = tries + 1
            where id = {id} and due_at <= {db.Dialect.Now}
            returning id, purpose, user_id, address, created_at, tries
            """,
            row => new Mail(row.GetString(0), row.GetString(1), row.GetStringOrNull(2), row.GetString(3),
                new(row.GetInt64(4)), row.GetInt64(5)));
        await db.WriteAsync(batch);
        return taken.First;
    }

    /// <summary>Of the only process of a database that begins: nobody sends what another has taken.</summary>
    public async Task VoidLeasesAsync()
    {
        var batch = new WriteBatch();
        batch.Execute($"update mails set due_at = 0 where due_at > 0");
        await db.WriteAsync(batch);
    }

    /// <summary>Lets a mail be tried again later.</summary>
    public async Task RetryAsync(string id, TimeSpan gap)
    {
        var batch = new WriteBatch();
        batch.Execute($"""
            update mails set due_at = {db.Dialect.Now} + {(long)gap.TotalMilliseconds} where id = {id}
            """);
        await db.WriteAsync(batch);
    }

    public async Task RemoveAsync(string id)
    {
        var batch = new WriteBatch();
        batch.Execute($"delete from mails where id = {id}");
        await db.WriteAsync(batch);
    }

    /// <summary>How many mails of a purpose were sent for an account in the last hour, but for one.</summary>
    public async Task<long> CountRecentAsync(
        string userId, string purpose, string butMailId, Timestamp now, CancellationToken ct) =>
        await db.FirstAsync(
            $"""
            select count(distinct mail_id) from mail_codes
            where user_id = {userId} and purpose = {purpose} and created_at > {now - Counted} and mail_id <> {butMailId}
            """, row => row.GetInt64(0), ct);

    /// <summary>Keeps the hash of a code before it is sent.</summary>
    public async Task AddCodeAsync(Mail mail, Account account, string hash, Timestamp now)
    {
        var batch = new WriteBatch();
        batch.Execute($"""
            insert into mail_codes (hash, user_id, mail_id, purpose, email_key, created_at, expires_at)
            select {hash}, u.id, {mail.Id}, {mail.Purpose}, u.email_key, {now},
              {now + MailPurposes.LifeOf(mail.Purpose)}
            from users u where u.id = {account.Id} and u.email_key = {UserStore.Fold(account.User.Email)}
            """);
        await db.WriteAsync(batch);
    }

    /// <summary>
    /// The condition on a user <c>u</c> that a code of this purpose works for it. In a batch <see cref="Lock"/> comes
    /// first: two that use one code at once would both find it unused.
    /// </summary>
    public static Sql Works(string hash, string purpose, Timestamp now) => $"""
        exists (select 1 from mail_codes c where c.hash = {hash} and c.user_id = u.id and c.purpose = {purpose}
          and c.email_key = u.email_key and c.used_at is null and c.expires_at > {now})
        """;

    public static void Lock(WriteBatch batch, string hash) =>
        batch.Lock($"select 1 from mail_codes where hash = {hash}");

    /// <summary>Ends the codes of a purpose of a user: one was used, or is not needed any more.</summary>
    public static void EndCodes(WriteBatch batch, string userId, string purpose, Timestamp now) => batch.Execute($"""
        update mail_codes set used_at = {now}
        where user_id = {userId} and purpose = {purpose} and used_at is null
        """);

    /// <summary>Removes what waits for an account's address, before the account is erased.</summary>
    public static void Forget(WriteBatch batch, string userId) => batch.Execute($"""
        delete from mails where user_id = {userId}
          or lower(address) in (select u.email_key from users u where u.id = {userId})
        """);

    /// <summary>Removes codes that nothing counts any more, and mails that nobody sends any more.</summary>
    public async Task PurgeAsync(Timestamp now)
    {
        var batch = new WriteBatch();
        batch.Execute($"delete from mail_codes where created_at < {now - KeptFor}");
        batch.Execute($"delete from mails where created_at < {now - WaitsAtMost}");
        await db.WriteAsync(batch);
    }
}
