using System.ComponentModel;
using Cote.Primitives;

namespace Cote.Cluster;

/// <summary>The broker between nodes.</summary>
public sealed class RabbitMqOptions
{
    [Description("Where it is: `amqp://user:password@host:5672/vhost`, or `amqps://…`. It carries nothing that may not be lost.")]
    public Secret? Url { get; set; }
}
