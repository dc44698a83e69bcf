require "openssl"

module Webhook
  TOLERANCE = 300 # seconds

  # raw_body: the bytes as they came. header: the value of X-Webhook-Signature.
  def self.verify(raw_body, header, secret)
    parts = header.split(",").map { |part| part.strip.split("=", 2) }
    t = parts.assoc("t")&.at(1).to_s
    return false unless t.match?(/\A\d{1,12}\z/) && (Time.now.to_i - t.to_i).abs <= TOLERANCE

    expected = OpenSSL::HMAC.hexdigest("SHA256", secret, "#{t}.".b + raw_body.b)
    parts.any? { |name, given| name == "v1" && OpenSSL.secure_compare(expected, given.to_s) }
  end
end
