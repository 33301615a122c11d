using Cote.Http;
using Cote.Notices;
using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary>
/// Finds the account of a token of an issuer, or makes it. Never by an e-mail address: who can have one verified at
/// some issuer must not get an account that another made.
/// </summary>
sealed class FirstSight(
    IdentityStore identities, UserStore users, Database db, Audit audit, Outbox outbox, Clock clock)
{
    const int Tries = 50;
    const int LongestName = 32;
    const string NoName = "user";

    /// <summary>
    /// What the rows say of the token, once its identity has an account that may log in; or the problem.
    /// </summary>
    /// <param name="token">The token.</param>
    /// <param name="http">The request.</param>
    /// <param name="isNewLogin">The token was made for this login: a logout from before does not end it.</param>
    /// <param name="ct">Ends the wait.</param>
    public async Task<(Standing Standing, Problem? Problem)> FindAsync(
        IssuerToken token, HttpContext http, bool isNewLogin, CancellationToken ct)
    {
        // More than once where another node makes the same account, or another account takes the name.
        for (var tries = 0; ; tries++)
        {
            var standing = await identities.FindAsync(token, ct);
            if (standing.ForgottenAt >= token.IssuedAt)
                return (standing, Problems.InvalidToken);
            if (standing.UserId is not null && standing.IsDisabled)
                return (standing, Problems.AccountDisabled with { Status = 401 });
            // Before an account is made: a token that is refused makes none.
            if (!isNewLogin && IssuerTokens.HasEnded(token, standing))
                return (standing, Problems.InvalidToken);
            if (standing.UserId is not null)
                return (standing, null);
            if (!token.Issuer.Options.Register)
                return (standing, Problems.RegistrationClosed);
            if (tries == Tries)
                return (standing, Problems.Busy);
            await MakeAsync(token, http, ct);
        }
    }

    async Task MakeAsync(IssuerToken token, HttpContext http, CancellationToken ct)
    {
        var (id, now) = (clock.NewId(), clock.Now);
        var email = token.VerifiedEmail is { } verified && !await users.IsEmailTakenAsync(verified, ct)
            ? verified : $"{id}@users.invalid";
        var name = NameOf(token);
        var taken = await identities.ListUsernamesLikeAsync(name, ct);
        for (var number = 2; taken.Contains(name); number++)
            name = $"{NameOf(token)}-{number}";
        var batch = new WriteBatch();
        UserStore.Add(
            batch, new(id, name, email, EmailVerified: email == token.VerifiedEmail), "", Roles.User, now);
        outbox.Add(batch, NoticeTypes.UserCreated, id, now);
        IdentityStore.Add(batch, token, id, clock.NewId(), now);
        audit.Add(batch, AuditActions.Registered, id, http, token.Issuer.Name);
        await db.WriteAsync(batch);
    }

    static string NameOf(IssuerToken token) =>
        new[] { token.TextOf("preferred_username"), token.TextOf("email")?.Split('@')[0], token.Subject }
            .Select(x => Cut(x ?? "")).FirstOrDefault(x => x.Length > 0) ?? NoName;

    static string Cut(string name) => new([.. UserStore.Fold(name)
        .Select(x => char.IsAsciiLetterOrDigit(x) || x is '.' or '_' or '-' ? x : '-').Take(LongestName)]);
}
