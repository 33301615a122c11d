using System.Net.WebSockets;
using Cote.Chats;
using Cote.Events;
using Cote.Http;
using Cote.Users;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cote.Delivery;

/// <summary><c>GET /ws</c>: authenticates the client, then runs a <see cref="SocketSession"/>.</summary>
static class SocketEndpoint
{
    const string Protocol = "cote.v1";
    const string BearerPrefix = "cote.bearer.";

    public static async Task<IResult> Handle(
        HttpContext http, AccessTokens tokens, TicketStore tickets, Subscriptions subscriptions,
        SocketCommands commands, RealtimeOptions options, CancellationToken ct)
    {
        if (!http.WebSockets.IsWebSocketRequest)
            return ApiResults.Of(Problems.UpgradeRequired);
        var (user, problem) = await AuthenticateAsync(http, tokens, tickets, subscriptions.Clock, ct);
        var offered = http.WebSockets.WebSocketRequestedProtocols;
        var socket = await http.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            // The plain name alone: a token that came as a protocol is never sent back.
            SubProtocol = offered.Contains(Protocol) ? Protocol : null,
            KeepAliveInterval = TimeSpan.FromSeconds(20),
            KeepAliveTimeout = TimeSpan.FromSeconds(20),
        });
        var (cursor, view, isActive, wrong) = Read(http.Request.Query);
        SocketSession? session = null;
        try
        {
            // Refused after the handshake: a browser tells a page nothing of a refused one, but it does tell the close
            // code.
            if (user is null)
                await RefuseAsync(socket, problem);
            else if (!user.Allows(KeyScopes.Read))
            {
                var (code, why) = (Problems.InsufficientScope.Code, Problems.InsufficientScope.Detail);
                await socket.SendAsync(Frame.Error(code, why).Json, WebSocketMessageType.Text, endOfMessage: true, ct);
                await CloseAsync(socket, (WebSocketCloseStatus)1008, "the key lacks a scope");
            }
            else if (wrong is not null)
                await CloseAsync(socket, (WebSocketCloseStatus)(int)CloseReason.BadRequest, wrong);
            else
            {
                var meter = http.Features.GetRequiredFeature<SocketMeter>();
                var subscription = await subscriptions.OpenAsync(
                    user, SubscriptionKind.Connection, view, cursor, isActive, ct);
                subscription.PingAfter = TimeSpan.FromMilliseconds(options.HeartbeatMilliseconds);
                if (user.SessionId is not null) // What a key's program shows, its user need not have seen.
                    subscription.Attention = new(meter) { IsActive = isActive };
                return session = new(socket, meter, subscription, commands, options, subscriptions.Clock);
            }
            return Results.Empty;
        }
        finally
        {
            if (session is null)
                socket.Dispose();
        }
    }

    static Task RefuseAsync(WebSocket socket, Problem? problem) => problem?.Status switch
    {
        // To log in anew would not help: the client comes again by itself.
        429 => CloseAsync(socket, (WebSocketCloseStatus)(int)CloseReason.RateLimited, "rate limited"),
        503 => CloseAsync(socket, WebSocketCloseStatus.InternalServerError, "try again"),
        _ => CloseAsync(socket, WebSocketCloseStatus.PolicyViolation, "log in"),
    };

    static (Cursor? Cursor, PartsView View, bool IsActive, string? Wrong) Read(IQueryCollection query)
    {
        Cursor? cursor = null;
        if (query["cursor"] is [{ Length: > 0 } text] && (cursor = Cursor.Parse(text)) is null)
            return (null, default, true, "malformed cursor");
        if (PartsQuery.Parse(query["parts"]) is not { } view)
            return (null, default, true, "parts is none, light or all");
        var active = query["active"];
        return (cursor, view, active is not ["false"],
            active.Count > 0 && active is not ["true" or "false"] ? "active is true or false" : null);
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
            socket.Abort(); // The client is gone, or takes nothing any more.
        }
    }

    static async Task<(CurrentUser? User, Problem? Problem)> AuthenticateAsync(
        HttpContext http, AccessTokens tokens, TicketStore tickets, Clock clock, CancellationToken ct)
    {
        if (CurrentUser.Of(http) is { } known) // By its header, which the gate has read.
            return (known, null);
        string? header = http.Request.Headers.Authorization;
        var protocol = http.WebSockets.WebSocketRequestedProtocols.FirstOrDefault(
            x => x.StartsWith(BearerPrefix, StringComparison.Ordinal));
        var query = http.Request.Query;
        var isBearer = header?.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) == true;
        var token = isBearer ? header![7..].Trim() : protocol?[BearerPrefix.Length..];
        if (token is not null)
            return await tokens.ReadAsync(token, http, ct);
        if ((string?)query["token"] is { } inUrl)
            return await tokens.ReadFromUrlAsync(inUrl, http, ct);
        return query["ticket"] is [{ Length: > 0 } ticket]
            ? (await tickets.RedeemAsync(ticket, clock.Now), null) : default;
    }
}
