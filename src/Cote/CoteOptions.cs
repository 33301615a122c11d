using System.ComponentModel;
using Cote.Chats;
using Cote.Cluster;
using Cote.Data;
using Cote.Delivery;
using Cote.Events;
using Cote.Http;
using Cote.Media;
using Cote.Models;
using Cote.Users;

namespace Cote;

/// <summary>All settings, one part for each room. In the environment a setting is <c>Cote__Part__Name</c>.</summary>
public sealed class CoteOptions
{
    [Description("The database and the data directory.")]
    public DataOptions Data { get; } = new();

    [Description("Accounts, tokens and sessions.")]
    public AuthOptions Auth { get; } = new();

    [Description("HTTP.")]
    public HttpOptions Http { get; } = new();

    [Description("Rate limits, per minute and node.")]
    public RateLimitsOptions RateLimits { get; } = new();

    [Description("Uploads: size, quota, retention and storage.")]
    public MediaOptions Media { get; } = new();

    [Description("Messages.")]
    public MessagesOptions Messages { get; } = new();

    [Description("Retention and delivery of events.")]
    public EventsOptions Events { get; } = new();

    [Description("Text and typing between nodes. Unset: text of other nodes arrives once a second, and typing of their "
        + "users not at all.")]
    public RabbitMqOptions RabbitMq { get; } = new();

    [Description("Sockets and streams.")]
    public RealtimeOptions Realtime { get; } = new();

    [Description("Model providers, models and timeouts.")]
    public AssistantsOptions Assistants { get; } = new();
}
