using Cote.Data;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Admin;

/// <summary>
/// A Unix socket in the data directory, through which a command asks a running server. Whoever can write to it may do
/// anything: it has mode 0600, and the commands are served on no other connection.
/// </summary>
static class ControlSocket
{
    /// <summary>The header in which a command names its database, where it names one.</summary>
    public const string DatabaseHeader = "Cote-Database";

    const string Prefix = "/control";
    const int LongestPath = 104; // the kernel's limit is 108, on some systems 104

    /// <summary>Marks the connections that come through the socket.</summary>
    sealed class ControlConnection;

    /// <summary>The path of the socket, or null where it would be too long for one.</summary>
    public static string? PathOf(DataOptions data)
    {
        var path = Path.GetFullPath(Path.Combine(data.Directory, "control.sock"));
        return OperatingSystem.IsWindows() || path.Length > LongestPath ? null : path;
    }

    /// <summary>The database that the options name, without user and password; null for the embedded one.</summary>
    public static string? DatabaseOf(DataOptions data) =>
        data.Postgres is { } url ? PostgresUrl.PlaceOf(PostgresUrl.Parse(url, PostgresEngine.Setting)) : null;

    public static void Mark(ListenOptions listen)
    {
        if (listen.SocketPath is not null)
            listen.Use(next => connection =>
            {
                connection.Features.Set(new ControlConnection());
                return next(connection);
            });
    }

    /// <summary>
    /// Serves each command as <c>POST /control/name</c> on the socket. They are no routes: on the public port the paths
    /// do not exist, for any method.
    /// </summary>
    public static void UseControl(this WebApplication app) => app.Use((http, next) =>
        http.Features.Get<ControlConnection>() is not null && HttpMethods.IsPost(http.Request.Method)
            && http.Request.Path.StartsWithSegments(Prefix, out var name)
            && AdminCommands.Find(name.Value!.TrimStart('/')) is { } command
            ? RunAsync(http, command) : next(http));

    static async Task RunAsync(HttpContext http, AdminCommand command)
    {
        var own = DatabaseOf(http.RequestServices.GetRequiredService<DataOptions>());
        var named = Uri.UnescapeDataString(http.Request.Headers[DatabaseHeader].ToString());
        var result = named.Length > 0 && named != own
            ? AdminResult.Of(OtherDatabase(named, own ?? "the embedded database"))
            : await command.RunAsync(
                http.RequestServices.GetRequiredService<Control>(), await Body.ReadAsync(http), http.RequestAborted);
        if (result.Problem is { } problem)
        {
            await ApiResults.Of(problem).ExecuteAsync(http);
            return;
        }
        http.Response.ContentType = "application/json";
        await result.WriteAsync!(http.Response.Body, http.RequestAborted);
    }

    static Problem OtherDatabase(string named, string own) => new(StatusCodes.Status409Conflict, "other_database",
        $"The server on this data directory uses another database ({own}) than this command names ({named}). "
        + "Stop it first, or name another folder with --Cote:Data:Directory.");
}
