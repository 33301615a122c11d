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

/// <summary>Everything that can be set, one part for each room. In the environment it is <c>Cote__Part__Name</c>.</summary>
public sealed class CoteOptions
{
    [Description("Where things are kept.")]
    public DataOptions Data { get; } = new();

    [Description("Accounts, tokens and sessions.")]
    public AuthOptions Auth { get; } = new();

    [Description("The front door.")]
    public HttpOptions Http { get; } = new();

    [Description("How often; each number is per minute and per node.")]
    public RateLimitsOptions RateLimits { get; } = new();

    [Description("Uploads: how large, how much, how long, and where they are kept.")]
    public MediaOptions Media { get; } = new();

    [Description("What a message may be.")]
    public MessagesOptions Messages { get; } = new();

    [Description("How long what happened is kept, and how it is shown live.")]
    public EventsOptions Events { get; } = new();

    [Description("Text and typing between nodes. Unset: a node shows what others make once a second.")]
    public RabbitMqOptions RabbitMq { get; } = new();

    [Description("Sockets and streams.")]
    public RealtimeOptions Realtime { get; } = new();

    [Description("Providers, models, and how long they may take.")]
    public AssistantsOptions Assistants { get; } = new();
}
