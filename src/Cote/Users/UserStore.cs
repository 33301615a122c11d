using Cote.Data;
using Cote.Primitives;

namespace Cote.Users;

/// <summary>All SQL of users.</summary>
sealed class UserStore(Database db)
{
    /// <summary>Names and e-mail addresses are compared in this form.</summary>
    public static string Fold(string name) => name.ToLowerInvariant();

    /// <summary>Stores a new user; a taken name or address is a conflict.</summary>
    public Task<Outcome> AddAsync(User user, string passwordHash, Timestamp now)
    {
        var unit = new Unit();
        unit.Do($"""
            insert into users (id, username, username_key, email, email_key, password_hash, created_at)
            values ({user.Id}, {user.Username}, {Fold(user.Username)}, {user.Email}, {Fold(user.Email)}, {passwordHash}, {now})
            """);
        unit.Do($"insert into heads (user_id) values ({user.Id})");
        return db.WriteAsync(unit);
    }

    public Task<User?> FindAsync(string id, CancellationToken ct) =>
        db.FirstAsync($"select id, username, email from users where id = {id}",
            row => new User(row.GetString(0), row.GetString(1), row.GetString(2)), ct);

    /// <summary>The account that one logs in to with this name or address.</summary>
    public Task<Account?> FindByLoginAsync(string login, CancellationToken ct) =>
        db.FirstAsync(
            $"select id, password_hash from users where username_key = {Fold(login)} or email_key = {Fold(login)}",
            row => new Account(row.GetString(0), row.GetString(1)), ct);

    public Task<bool> IsUsernameTakenAsync(string username, CancellationToken ct) =>
        db.FirstAsync($"select 1 from users where username_key = {Fold(username)}", _ => true, ct);

    public Task<bool> IsEmailTakenAsync(string email, CancellationToken ct) =>
        db.FirstAsync($"select 1 from users where email_key = {Fold(email)}", _ => true, ct);

    public Task SetPasswordHashAsync(string id, string old, string hash)
    {
        var unit = new Unit();
        unit.Do($"update users set password_hash = {hash} where id = {id} and password_hash = {old}");
        return db.WriteAsync(unit);
    }

    /// <summary>What a login is checked against.</summary>
    public sealed record Account(string Id, string PasswordHash);
}
