using Cote.Cluster;
using System.ComponentModel;
using Cote.Primitives;

namespace Cote;

/// <summary>The broker between nodes.</summary>
public sealed class RabbitMqOptions
{
    /// <summary>The broker's URL, or null for none.</summary>
    [Description("The broker's URL: `amqp://user:password@host:5672/vhost`, or `amqps://…`. Nothing that must not be lost goes through it.")]
    public Secret? Url { get; set; }
}
