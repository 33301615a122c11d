using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Cote;

/// <summary>
/// Metrics for Prometheus, off by default. Metrics, traces and logs by OTLP are on where
/// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set.
/// </summary>
public sealed class MetricsOptions : IValidatableObject
{
    /// <summary>Whether <c>GET /metrics</c> answers admins, and their keys with the scope <c>metrics</c>.</summary>
    public bool Prometheus { get; set; }

    /// <summary>A port that serves <c>/metrics</c>, and nothing else, to everybody who reaches it.</summary>
    [Range(1, 65_535)]
    public int? PrometheusPort { get; set; }

    /// <summary>The address that this port is bound to; <c>*</c> for all of the machine.</summary>
    public string PrometheusAddress { get; set; } = "127.0.0.1";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        // What is neither would be bound to all addresses of the machine.
        if (PrometheusAddress is not ("*" or "localhost") && !IPAddress.TryParse(PrometheusAddress, out _))
            yield return new(
                "it is an IP address, `localhost`, or `*` for all of the machine.", [nameof(PrometheusAddress)]);
    }
}
