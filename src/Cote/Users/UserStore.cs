using System.Text.RegularExpressions;
using Cote.Primitives;

namespace Cote.Users;

/// <summary>All SQL of users.</summary>
sealed partial class UserStore(Database db)
{
    /// <summary>The form in which names and e-mail addresses are compared.</summary>
    public static string Fold(string name) => name.ToLowerInvariant();

    // No name and no address holds it, and all that begin with a text come before the text with it.
    const string Highest = "\U0010FFFF";

    // A shorter one is in so many names that it finds nobody.
    const int ShortestPart = 3;

    static readonly Sql All = $"""
        u.id, u.username, u.email, u.password_hash, u.role, u.created_at, u.disabled_at, u.instructions,
        u.email_verified
        """;

    /// <summary>Adds a new user to a batch; a taken name or address makes it a conflict.</summary>
    public static void Add(WriteBatch batch, User user, string passwordHash, string role, Timestamp now)
    {
        batch.Execute($"""
            insert into users (id, username, username_key, email, email_key, password_hash, role, created_at,
              email_verified)
            values ({user.Id}, {user.Username}, {Fold(user.Username)}, {user.Email}, {Fold(user.Email)}, {passwordHash},
              {role}, {now}, {(user.EmailVerified ? 1L : 0L)})
            """);
        batch.Execute($"insert into heads (user_id) values ({user.Id})");
    }

    /// <summary>Adds an update of some columns of a user to a batch.</summary>
    public static Statement Set(WriteBatch batch, string id, Sql columns) =>
        batch.Execute($"update users set {columns} where id = {id} and erased_at is null");

    /// <summary>Adds a new hash of the same password to a batch, unless it is another password by now.</summary>
    public static void Rehash(WriteBatch batch, Account account, string hash) => batch.Execute($"""
        update users set password_hash = {hash} where id = {account.Id} and password_hash = {account.PasswordHash}
        """);

    /// <summary>
    /// Adds a new name and address of a user to a batch; one that is taken makes it a conflict. Another address is not
    /// verified.
    /// </summary>
    public static void SetNames(WriteBatch batch, string id, string username, string email) => Set(batch, id, $"""
        email_verified = case when email_key = {Fold(email)} then email_verified else 0 end,
        username = {username}, username_key = {Fold(username)}, email = {email}, email_key = {Fold(email)}
        """);

    public Task<Account?> FindAsync(string id, CancellationToken ct) =>
        db.FirstAsync($"select {All} from users u where u.id = {id} and u.erased_at is null", Read, ct);

    /// <summary>What everyone may see of it.</summary>
    public Task<User?> FindUserAsync(string id, CancellationToken ct) => db.FirstAsync(
        $"""
        select u.id, u.username, u.email, u.instructions, u.email_verified
        from users u where u.id = {id} and u.erased_at is null
        """,
        static row => new User(row.GetString(0), row.GetString(1), row.GetString(2), row.GetStringOrNull(3),
            row.GetInt64(4) != 0), ct);

    /// <summary>The account that one logs in to with this name or address, however its host is written.</summary>
    public Task<Account?> FindByLoginAsync(string login, CancellationToken ct)
    {
        var (typed, stored, before) = FormsOf(login);
        return db.FirstAsync(
            $"""
            select {All} from users u
            where (u.username_key = {typed} or u.email_key in ({typed}, {stored}, {before})) and u.erased_at is null
            order by case when u.email_key = {stored} then 0 else 1 end
            """, Read, ct);
    }

    /// <summary>The account that a code of a mail works for.</summary>
    public Task<Account?> FindByCodeAsync(string hash, string purpose, Timestamp now, CancellationToken ct) =>
        db.FirstAsync(
            $"""
            select {All} from users u
            where u.disabled_at is null and u.erased_at is null and {MailStore.Works(hash, purpose, now)}
              and u.id = (select c.user_id from mail_codes c where c.hash = {hash})
            """, Read, ct);

    /// <summary>All accounts, oldest first, from the one after <paramref name="after"/> on.</summary>
    public Task<IReadOnlyList<Account>> ListAsync(string? after, long limit, CancellationToken ct) =>
        db.ListAsync(
            $"select {All} from users u where u.id > {after ?? ""} and u.erased_at is null order by u.id limit {limit}",
            Read, ct);

    /// <summary>
    /// Accounts whose name or address holds a text, without regard to case, and the account whose id it is: first those
    /// that begin with it, then, for a text of three characters or more, those that hold it elsewhere; of each the
    /// oldest first. Beginnings are looked up in an index. The others cost a reading of the accounts, from the oldest
    /// to as many as are wanted.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="after">The last account of the page before.</param>
    /// <param name="limit">The most that are listed.</param>
    /// <param name="ct">Cancels the read.</param>
    public async Task<IReadOnlyList<Account>> SearchAsync(
        string text, string? after, long limit, CancellationToken ct)
    {
        var begins = after is null || await FindAsync(after, ct) is { } last && BeginsWith(last, text);
        var found = begins ? await FindByBeginningAsync(text, after, limit, ct) : [];
        return found.Count >= limit || text.Length < ShortestPart ? found
            : [.. found, .. await FindElsewhereAsync(text, begins ? null : after, limit - found.Count, ct)];
    }

    static bool BeginsWith(Account account, string text) =>
        account.Id == Fold(text)
        || Fold(account.User.Username).StartsWith(Fold(text), StringComparison.Ordinal)
        || Fold(account.User.Email).StartsWith(Fold(text), StringComparison.Ordinal);

    Task<IReadOnlyList<Account>> FindElsewhereAsync(string text, string? after, long limit, CancellationToken ct)
    {
        var (first, last) = (Fold(text), Fold(text) + Highest);
        var part = "%" + Escape().Replace(first, @"\$0") + "%";
        return db.ListAsync(
            $"""
            select {All} from users u
            where u.id > {after ?? ""} and u.erased_at is null and u.id <> {first}
              and (u.username_key like {part} escape '\' or u.email_key like {part} escape '\')
              and not (u.username_key >= {first} and u.username_key < {last})
              and not (u.email_key >= {first} and u.email_key < {last})
            order by u.id limit {limit}
            """, Read, ct);
    }

    Task<IReadOnlyList<Account>> FindByBeginningAsync(string text, string? after, long limit, CancellationToken ct)
    {
        var (first, last) = (Fold(text), Fold(text) + Highest);
        return db.ListAsync(
            $"""
            select {All} from (
              select id from users where username_key >= {first} and username_key < {last}
              union select id from users where email_key >= {first} and email_key < {last}
              union select id from users where id = {first}) f
            join users u on u.id = f.id
            where f.id > {after ?? ""} and u.erased_at is null order by f.id limit {limit}
            """, Read, ct);
    }

    [GeneratedRegex(@"[\\%_]")]
    private static partial Regex Escape();

    public Task<bool> IsUsernameTakenAsync(string username, CancellationToken ct) =>
        db.FirstAsync($"select 1 from users where username_key = {Fold(username)}", _ => true, ct);

    /// <summary>
    /// Whether an account other than <paramref name="but"/> has the address, however its host is written.
    /// </summary>
    public Task<bool> IsEmailTakenAsync(string email, string but, CancellationToken ct)
    {
        var (typed, stored, before) = FormsOf(email);
        return db.FirstAsync(
            $"select 1 from users where email_key in ({typed}, {stored}, {before}) and id <> {but}", _ => true, ct);
    }

    public Task<bool> IsEmailTakenAsync(string email, CancellationToken ct) => IsEmailTakenAsync(email, "", ct);

    // As typed, as it is stored now, and as an account is stored that was made when hosts were kept as they were
    // typed.
    static (string Typed, string Stored, string Before) FormsOf(string login)
    {
        var stored = EmailAddress.Parse(login) ?? login;
        return (Fold(login), Fold(stored), Fold(EmailAddress.WithUnicodeHost(stored)));
    }

    static Account Read(Row row) => new(
        new(row.GetString(0), row.GetString(1), row.GetString(2), row.GetStringOrNull(7), row.GetInt64(8) != 0),
        row.GetString(3), row.GetString(4),
        new(row.GetInt64(5)), row.IsDBNull(6) ? null : new(row.GetInt64(6)));
}
