using System.Net.WebSockets;
using Cote.Events;
using Cote.Http;
using Cote.Primitives;
using Cote.Users;
using Microsoft.AspNetCore.Http;

namespace Cote.Delivery;

/// <summary><c>GET /ws</c>: finds out who connects, then lets a <see cref="SocketSession"/> run.</summary>
static class SocketEndpoint
{
    const string Protocol = "cote.v1";
    const string BearerPrefix = "cote.bearer.";

    public static async Task<IResult> Handle(
        HttpContext http, AccessTokens tokens, SessionStore sessions, Subscriptions subscriptions, Connections connections,
        SocketCommands commands, RealtimeOptions options, CancellationToken ct)
    {
        if (!http.WebSockets.IsWebSocketRequest)
            return ApiResults.Of(Problems.UpgradeRequired);
        var user = await AuthenticateAsync(http, tokens, sessions, subscriptions.Clock, ct);
        var offered = http.WebSockets.WebSocketRequestedProtocols;
        using var socket = await http.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            // Only ever the plain name: a token that came as a protocol is never sent back.
            SubProtocol = offered.Contains(Protocol) ? Protocol : null,
            KeepAliveInterval = TimeSpan.FromSeconds(20),
            KeepAliveTimeout = TimeSpan.FromSeconds(20),
        });
        // Refused only now: a browser shows a page nothing of a refused handshake, but it does show the close code.
        if (user is null)
        {
            await CloseAsync(socket, (WebSocketCloseStatus)1008, "log in");
            return Results.Empty;
        }
        Cursor? cursor = null;
        if (http.Request.Query["cursor"] is [{ Length: > 0 } text] && (cursor = Cursor.Parse(text)) is null)
        {
            await CloseAsync(socket, (WebSocketCloseStatus)(int)CloseReason.BadRequest, "malformed cursor");
            return Results.Empty;
        }
        await using var subscription = await Subscription.OpenAsync(subscriptions, user.Id, cursor, ct);
        subscription.Silence = TimeSpan.FromMilliseconds(options.HeartbeatMilliseconds);
        connections.Add(subscription, user);
        try
        {
            await new SocketSession(socket, subscription, commands, options, subscriptions.Clock).RunAsync(http.RequestAborted);
        }
        finally
        {
            connections.Remove(subscription);
        }
        return Results.Empty;
    }

    public static async Task CloseAsync(WebSocket socket, WebSocketCloseStatus status, string why)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            await socket.CloseAsync(status, why, patience.Token);
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException or IOException)
        {
            socket.Abort(); // it is gone, or takes nothing any more
        }
    }

    static async Task<CurrentUser?> AuthenticateAsync(
        HttpContext http, AccessTokens tokens, SessionStore sessions, Clock clock, CancellationToken ct)
    {
        string? header = http.Request.Headers.Authorization;
        var protocol = http.WebSockets.WebSocketRequestedProtocols.FirstOrDefault(x => x.StartsWith(BearerPrefix, StringComparison.Ordinal));
        var query = http.Request.Query;
        var token = header is not null && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header[7..].Trim()
            : protocol is not null ? protocol[BearerPrefix.Length..]
            : (string?)query["token"];
        if (token is not null)
            return await tokens.ReadAsync(token, ct);
        if (query["ticket"] is not [{ Length: > 0 } ticket])
            return null;
        // A ticket opens one socket; that socket lives no longer than a token of its session would.
        return await sessions.RedeemTicketAsync(ticket, clock.Now) is { } session
            ? new CurrentUser(session.UserId, session.Id, session.ExpiresAt) : null;
    }
}
