using Cote.Primitives;

namespace Cote.Users;

/// <summary>A login in a browser that is under way.</summary>
/// <param name="Callback">Where the issuer sends the browser back to; its token endpoint wants the same.</param>
/// <param name="RedirectUri">Where the app is.</param>
/// <param name="State">The app's own, handed back as it came.</param>
/// <param name="Challenge">The app's, of its code verifier.</param>
sealed record BrowserLogin(string Issuer, string Callback, string RedirectUri, string State, string Challenge);

/// <summary>What a code stands for.</summary>
sealed record LoginCode(string UserId, string Issuer, string RedirectUri, string Challenge);

/// <summary>All SQL of logins by browser. Tokens and codes are kept as hashes; each can be taken once.</summary>
sealed class BrowserLoginStore(Database db)
{
    public async Task BeginAsync(string token, BrowserLogin login, Timestamp now, TimeSpan lifetime)
    {
        var batch = new WriteBatch();
        batch.Execute($"delete from browser_logins where expires_at <= {now}");
        batch.Execute($"""
            insert into browser_logins (hash, issuer, callback, redirect_uri, state, challenge, expires_at)
            values ({SecureTokens.Hash(token)}, {login.Issuer}, {login.Callback}, {login.RedirectUri}, {login.State},
              {login.Challenge}, {now + lifetime})
            """);
        await db.WriteAsync(batch);
    }

    /// <summary>Ends a login; the second time, and after its end, there is none.</summary>
    public async Task<BrowserLogin?> TakeAsync(string token, Timestamp now)
    {
        var batch = new WriteBatch();
        var taken = batch.Query(
            $"""
            delete from browser_logins where hash = {SecureTokens.Hash(token)} and expires_at > {now}
            returning issuer, callback, redirect_uri, state, challenge
            """,
            row => new BrowserLogin(
                row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4)));
        await db.WriteAsync(batch);
        return taken.First;
    }

    public async Task AddCodeAsync(string code, LoginCode what, Timestamp now, TimeSpan lifetime)
    {
        var batch = new WriteBatch();
        batch.Execute($"delete from login_codes where expires_at <= {now}");
        batch.Execute($"""
            insert into login_codes (hash, user_id, issuer, redirect_uri, challenge, expires_at)
            values ({SecureTokens.Hash(code)}, {what.UserId}, {what.Issuer}, {what.RedirectUri}, {what.Challenge},
              {now + lifetime})
            """);
        await db.WriteAsync(batch);
    }

    /// <summary>Spends a code, whatever comes of it: RFC 6749 4.1.2.</summary>
    public async Task<LoginCode?> TakeCodeAsync(string code, Timestamp now)
    {
        var batch = new WriteBatch();
        var taken = batch.Query(
            $"""
            delete from login_codes where hash = {SecureTokens.Hash(code)} and expires_at > {now}
            returning user_id, issuer, redirect_uri, challenge
            """,
            row => new LoginCode(row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3)));
        await db.WriteAsync(batch);
        return taken.First;
    }
}
