namespace Cote;

/// <summary>All settings, one part for each room. In the environment a setting is <c>Cote__Part__Name</c>.</summary>
public sealed class CoteOptions
{
    /// <summary>The database and the data directory.</summary>
    public DataOptions Data { get; } = new();

    /// <summary>Accounts, tokens and sessions.</summary>
    public AuthOptions Auth { get; } = new();

    /// <summary>Mail by SMTP: forgotten passwords, and addresses that are verified.</summary>
    public MailOptions Mail { get; } = new();

    /// <summary>Pushes to devices, of replies that nobody was shown.</summary>
    public PushOptions Push { get; } = new();

    /// <summary>HTTP.</summary>
    public HttpOptions Http { get; } = new();

    /// <summary>Rate limits, per minute and node.</summary>
    public RateLimitsOptions RateLimits { get; } = new();

    /// <summary>Uploads: size, quota, retention and storage.</summary>
    public MediaOptions Media { get; } = new();

    /// <summary>Chats.</summary>
    public ChatsOptions Chats { get; } = new();

    /// <summary>Messages.</summary>
    public MessagesOptions Messages { get; } = new();

    /// <summary>Retention and delivery of events.</summary>
    public EventsOptions Events { get; } = new();

    /// <summary>
    /// Text and typing between nodes. Unset: text of other nodes arrives once a second, and typing of their users not
    /// at all.
    /// </summary>
    public RabbitMqOptions RabbitMq { get; } = new();

    /// <summary>Sockets and streams.</summary>
    public RealtimeOptions Realtime { get; } = new();

    /// <summary>Model providers, models and timeouts.</summary>
    public AssistantsOptions Assistants { get; } = new();

    /// <summary>Transcripts of recordings, for models that hear none.</summary>
    public TranscriptionOptions Transcription { get; } = new();

    /// <summary>Titles that a model makes.</summary>
    public TitlesOptions Titles { get; } = new();

    /// <summary>
    /// Prices of models in USD for a million tokens, each under a number. A model without one has no cost.
    /// </summary>
    public PricesOptions Prices { get; } = new();

    /// <summary>What each user may use of models in a day and in a month, UTC; an admin may give other caps.</summary>
    public BudgetsOptions Budgets { get; } = new();

    /// <summary>Tools that models call: their limits, and MCP servers.</summary>
    public ToolsOptions Tools { get; } = new();

    /// <summary>Webhooks, each under a name of letters, digits and hyphens. Without one, nothing is told.</summary>
    public IDictionary<string, WebhookOptions> Webhooks { get; } =
        new Dictionary<string, WebhookOptions>(StringComparer.OrdinalIgnoreCase);
}
