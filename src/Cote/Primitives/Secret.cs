using System.ComponentModel;
using System.Globalization;

namespace Cote;

/// <summary>
/// A configured secret. It prints as <c>***</c> wherever it lands by accident: a log line, an error, a dump.
/// </summary>
[TypeConverter(typeof(SecretConverter))]
public sealed class Secret(string value)
{
    /// <summary>The value itself; the caller must not log it.</summary>
    public string Reveal() => value;

    /// <inheritdoc/>
    public override string ToString() => "***";

    sealed class SecretConverter : TypeConverter
    {
        public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) =>
            sourceType == typeof(string);

        public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) =>
            value is string { Length: > 0 } text ? new Secret(text) : null;
    }
}
