using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary><c>POST /api-keys/</c>: a key for a program, shown once.</summary>
static class CreateApiKey
{
    static readonly Problem TooManyToday = Problems.TooManyRequests with
    {
        Detail = "Too many API keys were made today; use those that there are",
        RetryAfter = TimeSpan.FromHours(1),
    };

    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser current, ApiKeyStore keys, UserStore users, Audit audit, Clock clock,
        CancellationToken ct)
    {
        var request = await Body.ReadAsync(http);
        var name = request.Text("name", 1, ApiKey.LongestName, TypedText.Trim);
        var scopes = ScopesOf(request);
        var life = request.OptionalInteger("expires_in", ApiKey.ShortestLife, ApiKey.LongestLife);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (scopes.Contains(KeyScopes.Metrics)
            && await users.FindAsync(current.Id, ct) is not { IsAdmin: true })
            return ApiResults.Of(Problems.AdminOnly);

        var now = clock.Now;
        var id = clock.NewId();
        var key = ApiKeys.Make(id);
        var made = new ApiKey(id, name, scopes, now, null, life is { } seconds
            ? now + TimeSpan.FromSeconds(seconds) : null);
        var detail = $"{id} {string.Join(' ', scopes)}";
        if (!await keys.AddAsync(current.Id, made, SecureTokens.Hash(key),
            (batch, itIs) => audit.Add(batch, AuditActions.KeyCreated, current.Id, http, detail, itIs)))
            return ApiResults.Of(await keys.CountAsync(current.Id, now, ct) >= ApiKey.Most
                ? Problems.TooManyKeys : TooManyToday);

        return ApiResults.Json(made with { Key = key }, UsersJson.Default.ApiKey);
    }

    static IReadOnlyList<string> ScopesOf(RequestReader request)
    {
        var scopes = request.Texts("scopes", 20, 100);
        if (request.Problem is null && scopes.Count == 0)
            request.AddError("scopes", "a key needs at least one scope");
        if (scopes.Except(KeyScopes.All).Any() && request.Problem is null)
            request.AddError("scopes", $"a scope is one of {string.Join(", ", KeyScopes.All)}");
        return [.. KeyScopes.All.Where(scopes.Contains)];
    }
}
