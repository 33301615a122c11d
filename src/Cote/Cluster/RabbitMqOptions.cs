namespace Cote;

/// <summary>The broker between nodes.</summary>
public sealed class RabbitMqOptions
{
    /// <summary>
    /// The broker's URL: <c>amqp://user:password@host:5672/vhost</c>, or <c>amqps://…</c>. Nothing that must not be
    /// lost goes through it.
    /// </summary>
    public Secret? Url { get; set; }
}
