using Cote.Data;
using Cote.Http;
using Cote.Primitives;
using Cote.Users;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Cote.Admin;

/// <summary>
/// A Unix socket in the data directory, through which the command line asks a running server. Who can write to it may
/// do anything: it has mode 0600, and nothing that is served here is served anywhere else.
/// </summary>
static class ControlSocket
{
    const int LongestPath = 104; // the kernel's limit is 108, on some systems 104

    /// <summary>Set on the connections that came through the socket.</summary>
    sealed class CameThrough;

    /// <summary>Where the socket is, or null where the path is too long for one.</summary>
    public static string? PathOf(DataOptions data)
    {
        var path = Path.GetFullPath(Path.Combine(data.Directory, "control.sock"));
        return OperatingSystem.IsWindows() || path.Length > LongestPath ? null : path;
    }

    public static void Mark(ListenOptions listen)
    {
        if (listen.SocketPath is not null)
            listen.Use(next => connection =>
            {
                connection.Features.Set(new CameThrough());
                return next(connection);
            });
    }

    public static void MapControl(this IEndpointRouteBuilder routes)
    {
        // Elsewhere these paths do not exist.
        var control = routes.MapGroup("/control").ExcludeFromDescription().AddEndpointFilter(async (context, next) =>
            context.HttpContext.Features.Get<CameThrough>() is null ? ApiResults.Of(Problems.NotFound) : await next(context));
        control.MapPost("/create-user", async (HttpContext http, Control x, CancellationToken ct) =>
            Of(await x.CreateUserAsync(await Body.ReadAsync(http), ct)));
        control.MapPost("/reset-password", async (HttpContext http, Control x, CancellationToken ct) =>
            Of(await x.ResetPasswordAsync(await Body.ReadAsync(http), ct)));
        control.MapPost("/disable-user", async (HttpContext http, Control x, CancellationToken ct) =>
            Of(await x.DisableUserAsync(await Body.ReadAsync(http), ct)));
        control.MapPost("/enable-user", async (HttpContext http, Control x, CancellationToken ct) =>
            Of(await x.EnableUserAsync(await Body.ReadAsync(http), ct)));
        control.MapPost("/new-epoch", async (Control x, CancellationToken ct) =>
            ApiResults.Json(new NewEpoch(await x.NewEpochAsync(ct)), AccountJson.Default.NewEpoch));
        control.MapGet("/list-users", async (string? after, Control x, CancellationToken ct) =>
            ApiResults.Json<IReadOnlyList<AccountInfo>>(
                [.. (await x.ListUsersAsync(after, ct)).Select(AccountInfo.Of)], AccountJson.Default.IReadOnlyListAccountInfo));
    }

    static IResult Of((Account? Account, Problem? Problem) done) =>
        done.Account is { } account ? ApiResults.Json(AccountInfo.Of(account), AccountJson.Default.AccountInfo) : ApiResults.Of(done.Problem!);
}
